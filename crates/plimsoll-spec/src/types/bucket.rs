//! A place in object storage.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;

/// A bucket, and perhaps a folder in it: `s3://NAME/FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    name: Str,
    folder: Str,
    url: Str,
}

impl Bucket {
    /// The bare name.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The folder in it, without slashes at its ends; empty: none.
    pub fn folder(&self) -> &Str {
        &self.folder
    }

    /// As it was written.
    pub fn url(&self) -> &Str {
        &self.url
    }

    /// Name and folder: `NAME/FOLDER`.
    pub fn path(&self) -> Str {
        if self.folder.is_empty() {
            return self.name.clone();
        }
        Str::from(format!("{}/{}", self.name, self.folder))
    }
}

impl Leaf for Bucket {
    const WHAT: &'static str = "a bucket";
    const WRITTEN: &'static str = "`s3://NAME`, `s3://NAME/FOLDER`";
    const PATTERN: &'static str = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        const SCHEME: &str = "s3://";
        let Some(rest) = text.strip_prefix(SCHEME) else {
            let what = "a bucket is written `s3://NAME`; others than Amazon's have an `endpoint`";
            let end = text.find("://").map_or(0, |at| at + 3);
            let problem = Problem::new(0..end, what);
            return Err(problem.mend(format!("{SCHEME}{}", &text[end..])));
        };
        let (name, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let is_part = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        };
        let is_name = (3..=63).contains(&name.len())
            && name.bytes().all(is_part)
            && !name.starts_with(['.', '-'])
            && !name.ends_with(['.', '-']);
        if !is_name {
            let what = "a bucket has 3 to 63 letters a to z, digits, dots and dashes, and letters or digits at its ends";
            return Err(Problem::new(SCHEME.len()..SCHEME.len() + name.len(), what));
        }
        Ok(Self {
            name: name.into(),
            folder: folder.trim_matches('/').into(),
            url: text.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_name_and_perhaps_a_folder() {
        let bucket = Bucket::parse("s3://copies/deep/er/").expect("a bucket");
        assert_eq!(
            (bucket.name().as_str(), bucket.folder().as_str()),
            ("copies", "deep/er")
        );
        assert_eq!(bucket.path(), "copies/deep/er");
        assert_eq!(
            Bucket::parse("s3://copies").expect("a bucket").path(),
            "copies"
        );
    }

    #[test]
    fn another_scheme_and_a_name_that_no_bucket_has_are_refused() {
        let other = Bucket::parse("gs://copies").expect_err("another scheme");
        assert_eq!(
            (other.at, other.mend.as_deref()),
            (0..5, Some("s3://copies"))
        );
        let bare = Bucket::parse("copies").expect_err("no scheme");
        assert_eq!((bare.at, bare.mend.as_deref()), (0..0, Some("s3://copies")));
        for bad in ["s3://", "s3://ab", "s3://Copies", "s3://-copies"] {
            assert!(Bucket::parse(bad).is_err(), "{bad}");
        }
    }
}
