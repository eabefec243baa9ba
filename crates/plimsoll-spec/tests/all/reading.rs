//! Good files, and what they say.

use crate::harness::app;
use plimsoll_spec::app::store::{Engine, Mode, Run};

const SHORTEST: &str = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [db] }
stores:
  db: { engine: postgres, storage: 20Gi }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
";

#[test]
fn the_shortest_file_is_complete() {
    let app = app(SHORTEST);
    let web = &app.services["web"];
    assert_eq!(web.image.name.peek(), "ghcr.example/shop/web");
    assert_eq!(web.image.tag.peek().as_deref(), Some("1.4.2"));
    assert_eq!(*web.scale.replicas.count.peek(), 2);
    assert_eq!(
        web.scale.replicas.count.handle().0,
        "services.web.scale.replicas"
    );
    assert_eq!(*web.ports.main().expect("a main port").1.port.peek(), 8080);
    assert_eq!(web.stop.drain.peek().secs(), 10);
    assert_eq!(web.uses["db"].target.to_string(), "db.app");
    let db = &app.stores["db"];
    assert_eq!(*db.engine.peek(), Engine::Postgres);
    assert_eq!(
        (*db.mode.peek(), *db.run.peek()),
        (Mode::Single, Run::StatefulSet)
    );
    assert_eq!(db.as_.some().expect("a name").peek(), "DATABASE_URL");
    assert_eq!(*db.ports.main().expect("a main port").1.at.peek(), 5432);
    assert_eq!(app.namespace.name.peek(), "shop");
}
