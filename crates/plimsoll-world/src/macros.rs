//! The `form!` macro: a form that reads as the YAML that it becomes.

/// Builds a [`Form`](crate::Form) that reads as its YAML.
///
/// `form!(scope; { … })` is a map, `form!(scope; [ … ])` a list.
///
/// Entries of a map: `field: value` · `"free/key": value` · `(expression): value` ·
/// `when (cond) field: value` · `..map`. Items of a list: `value` · `when (cond) value` ·
/// `for pattern in iterator => value` · `..list`. A value is `{ … }`, `[ … ]`, a literal, or an
/// expression that is [`IntoForm`](crate::IntoForm). A value that is nothing leaves no entry.
#[macro_export]
macro_rules! form {
    ($scope:expr; { $($body:tt)* }) => {{
        let scope: &$crate::Scope = $scope;
        #[allow(unused_mut, reason = "an empty map is never changed")]
        let mut map = $crate::MapBuilder::new(scope);
        $crate::form_entries!(scope, map; $($body)*);
        map.build()
    }};
    ($scope:expr; [ $($body:tt)* ]) => {{
        let scope: &$crate::Scope = $scope;
        #[allow(unused_mut, reason = "an empty list is never changed")]
        let mut list = $crate::SeqBuilder::new(scope);
        $crate::form_items!(scope, list; $($body)*);
        list.build()
    }};
    ($scope:expr; $value:literal) => { $crate::Lit($value) };
    ($scope:expr; $value:expr) => { $value };
}

/// The entries of a map in [`form!`](crate::form).
#[doc(hidden)]
#[macro_export]
macro_rules! form_entries {
    ($s:ident, $m:ident;) => {};
    ($s:ident, $m:ident; .. $map:expr $(, $($rest:tt)*)?) => {
        $m.splice($s, $map);
        $($crate::form_entries!($s, $m; $($rest)*);)?
    };
    ($s:ident, $m:ident; when ($cond:expr) $($rest:tt)*) => {
        $crate::form_entry!($s, $m, ($cond); $($rest)*);
    };
    ($s:ident, $m:ident; $($rest:tt)*) => {
        $crate::form_entry!($s, $m, (); $($rest)*);
    };
}

/// One entry: the key, then the value, by its first token.
#[doc(hidden)]
#[macro_export]
macro_rules! form_entry {
    ($s:ident, $m:ident, $cond:tt; $key:ident : $($rest:tt)*) => {
        $crate::form_value!($s, $m, $cond, ($crate::key!(stringify!($key))); $($rest)*);
    };
    ($s:ident, $m:ident, $cond:tt; $key:literal : $($rest:tt)*) => {
        $crate::form_value!($s, $m, $cond, ($crate::key!($key)); $($rest)*);
    };
    ($s:ident, $m:ident, $cond:tt; ($key:expr) : $($rest:tt)*) => {
        $crate::form_value!($s, $m, $cond, ($key); $($rest)*);
    };
}

/// The value of an entry.
#[doc(hidden)]
#[macro_export]
macro_rules! form_value {
    ($s:ident, $m:ident, $cond:tt, $key:tt; { $($body:tt)* } $(, $($rest:tt)*)?) => {
        $crate::form_put!($s, $m, $cond, $key, $crate::form!($s; { $($body)* }));
        $($crate::form_entries!($s, $m; $($rest)*);)?
    };
    ($s:ident, $m:ident, $cond:tt, $key:tt; [ $($body:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::form_put!($s, $m, $cond, $key, $crate::form!($s; [ $($body)* ]));
        $($crate::form_entries!($s, $m; $($rest)*);)?
    };
    ($s:ident, $m:ident, $cond:tt, $key:tt; $value:literal $(, $($rest:tt)*)?) => {
        $crate::form_put!($s, $m, $cond, $key, $crate::Lit($value));
        $($crate::form_entries!($s, $m; $($rest)*);)?
    };
    ($s:ident, $m:ident, $cond:tt, $key:tt; $value:expr $(, $($rest:tt)*)?) => {
        $crate::form_put!($s, $m, $cond, $key, $value);
        $($crate::form_entries!($s, $m; $($rest)*);)?
    };
}

/// Adds an entry with or without a condition.
#[doc(hidden)]
#[macro_export]
macro_rules! form_put {
    ($s:ident, $m:ident, (), ($key:expr), $value:expr) => {
        $m.put($s, $key, $value);
    };
    ($s:ident, $m:ident, ($cond:expr), ($key:expr), $value:expr) => {
        $m.put_when($s, $cond, $key, || $value);
    };
}

/// The items of a list in [`form!`](crate::form).
#[doc(hidden)]
#[macro_export]
macro_rules! form_items {
    ($s:ident, $l:ident;) => {};
    ($s:ident, $l:ident; .. $list:expr $(, $($rest:tt)*)?) => {
        $l.splice($s, $list);
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; for $pattern:pat in $items:expr => { $($body:tt)* } $(, $($rest:tt)*)?) => {
        for $pattern in $items { $l.push($s, $crate::form!($s; { $($body)* })); }
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; for $pattern:pat in $items:expr => $value:expr $(, $($rest:tt)*)?) => {
        for $pattern in $items { $l.push($s, $value); }
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; when ($cond:expr) { $($body:tt)* } $(, $($rest:tt)*)?) => {
        $l.push_when($s, $cond, || $crate::form!($s; { $($body)* }));
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; when ($cond:expr) $value:literal $(, $($rest:tt)*)?) => {
        $l.push_when($s, $cond, || $crate::Lit($value));
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; when ($cond:expr) $value:expr $(, $($rest:tt)*)?) => {
        $l.push_when($s, $cond, || $value);
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; { $($body:tt)* } $(, $($rest:tt)*)?) => {
        $l.push($s, $crate::form!($s; { $($body)* }));
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; $value:literal $(, $($rest:tt)*)?) => {
        $l.push($s, $crate::Lit($value));
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
    ($s:ident, $l:ident; $value:expr $(, $($rest:tt)*)?) => {
        $l.push($s, $value);
        $($crate::form_items!($s, $l; $($rest)*);)?
    };
}
