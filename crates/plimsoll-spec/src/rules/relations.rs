//! Mistakes between blocks.

use plimsoll_source::{Level, Rule};

use super::layers::rules;

rules! {
    /// A target that no layer defines.
    UNKNOWN_TARGET = "PL0150" "unknown-target" Error
        consequence "there would be nothing to talk to"
        docs "A target is a service, a store, `STORE.DATABASE`, an external, or `platform.SLOT`. With `optional: true` it may be absent.";
    /// A target that is off.
    TARGET_OFF = "PL0151" "target-off" Error
        consequence "calls would find nobody"
        docs "The target is off here (`enabled: false`, or a slot that is `none`). With `optional: true` the edge is passed over.";
    /// A reference to a target that is not used.
    UNUSED_TARGET = "PL0152" "unused-target" Error
        consequence "the address would be known, and the way there closed"
        docs "`${TARGET.…}` needs TARGET in `uses` of the same thing: from it follow network policies and credentials.";
    /// A reference to something that a target does not have.
    UNKNOWN_FIELD = "PL0153" "unknown-field" Error
        consequence "the text would hold `${…}` literally"
        docs "A target has host, port, ports.NAME, address, url, user, password, database, bucket, region, endpoint, pool, ca, pods, reader.host and reader.url, as far as its kind knows them.";
    /// A secret that `secrets` does not define.
    UNKNOWN_SECRET = "PL0154" "unknown-secret" Error
        consequence "pods would wait for a Secret that nobody makes"
        docs "Every secret that is used stands in `secrets`.";
    /// Two things with one name.
    SAME_NAME = "PL0155" "same-name" Error
        consequence "objects of the one would replace those of the other"
        docs "Services, stores and externals share one set of names; `platform` and `secrets` are taken.";
    /// A name that stands nowhere.
    UNKNOWN_THING = "PL0156" "unknown-thing" Error
        consequence "the line would do nothing"
        docs "The name must be of something that this environment has.";
    /// A port that the target does not have.
    UNKNOWN_PORT = "PL0157" "unknown-port" Error
        consequence "nobody would answer there"
        docs "Ports are named in `ports` of the thing that listens; in `uses` and routes they are those of its Service.";
    /// Two ports of one pod with one number.
    SAME_PORT = "PL0158" "same-port" Error
        consequence "only one of the two could listen"
        docs "Names and numbers of ports are unique in a pod, sidecars included.";
    /// None, or several, of keys of which one is wanted.
    CHOICE = "PL0159" "one-of-these" Error
        consequence "it would not be known which is meant"
        docs "Some keys stand instead of each other: exactly one of them is written.";
    /// A file that is not there.
    MISSING_FILE = "PL0160" "missing-file" Error
        consequence "the content would be missing"
        docs "Paths are relative to the application file.";
    /// A number over `single`.
    SINGLE_REPLACED = "PL0161" "single-replaced" Warning
        consequence "two pods would run of what was said never to be two"
        docs "`scale: single` says that there are never two pods. A higher layer may say a number; this reminds of it.";
    /// Something that the engine cannot.
    ENGINE_FACT = "PL0162" "not-of-this-engine" Error
        consequence "the engine has no such thing"
        docs "`plimsoll explain stores.ENGINE` prints what is known of an engine.";
    /// Migrations after each other in a circle.
    CIRCLE = "PL0163" "migration-circle" Error
        consequence "none of them would start"
        docs "Each migration of the ring waits for another one of it. Take one name out of an `after`, so that one of them comes first.";
    /// One disk for several pods.
    SHARED_DISK = "PL0164" "shared-disk" Error
        consequence "pods on another node would wait for the disk for ever"
        docs "A disk of its own goes to one pod. Write `kind: statefulset` (one disk each), `strategy: recreate` with one replica, or a `claim` that is `shared`.";
    /// Two migrators of one database.
    TWO_MIGRATORS = "PL0165" "two-migrators" Error
        consequence "each would find the tables of the other"
        docs "One migrator per database; several with `tool: self` may share one.";
    /// Two URLs under one name.
    TWO_URLS = "PL0166" "two-urls" Error
        consequence "one of the two would be lost"
        docs "`as` of an element of `uses` gives the URL another name, or none.";
    /// A probe that contradicts itself.
    BAD_PROBE = "PL0167" "contradicting-probe" Error
        consequence "the probe would not do what one of the two keys says"
        docs "`within` is of `start`, or of one probe for both, and stands instead of `fails`. A secret in `headers` is refused: use a command.";
    /// A route that cannot be.
    BAD_ROUTE = "PL0168" "impossible-route" Error
        consequence "no gateway could serve it"
        docs "A path leads to a service or a platform slot through a port that speaks http or grpc; one path of one host stands once.";
    /// Two environments in one namespace of one cluster.
    SHARED_NAMESPACE = "PL0169" "shared-namespace" Error
        consequence "the objects of one environment would replace those of the other"
        docs "Two environments on one `cluster.context` may not share a namespace. Write `namespace: ${app}-${env}`.";
    /// A label that no node has.
    NO_SUCH_NODE = "PL0170" "no-such-node" Warning
        consequence "the pods would wait for such a node"
        docs "`placement.nodes` asks for labels of nodes. Where `cluster.nodes.labels` says which they have, the two must agree.";
    /// An issuer that cannot do what is asked of it.
    ISSUER = "PL0171" "issuer-cannot" Error
        consequence "certificates would not be asked for as the line says"
        docs "`issuer` names a ClusterIssuer that exists, with an address and a way to prove hosts of its own. Without it one is made at Let's Encrypt, which shows a page to prove that a host is ours.";
    /// A file of sealed values that cannot be read.
    BAD_SEALED_FILE = "PL0172" "bad-sealed-file" Error
        consequence "the values that it holds would be missing"
        docs "`sealed/ENVIRONMENT.yaml` holds one `SealedSecret` for each Secret, each with namespace, name and `encryptedData`. `plimsoll secrets seal` writes it.";
    /// A disk of one node that several pods use.
    CLAIM_OF_MANY = "PL0173" "claim-of-many-pods" Warning
        consequence "a pod on another node than the first waits for the disk, maybe for ever"
        docs "A claim is on one node at a time unless it is `shared`. Two programs that use it, several replicas of one, or a rolling update, which starts the new pod before the old one goes, put a second pod on another node: there it waits until the first is gone. Write `shared: true` and a class whose disks many nodes can write, or let one pod use it: `scale: single`. Where `cluster.nodes.count` is 1 nothing is said.";
    /// Calls by gRPC that stick to one pod.
    GRPC_STICKS = "PL0174" "grpc-sticks" Warning
        consequence "one pod answers everything, and the others wait: a connection stays with the pod that it met first"
        docs "gRPC keeps one connection, and a Service divides connections, not calls. Let the client divide them over all pods, `dns:///${TARGET.pods}:PORT` with the policy `round_robin`, or let a mesh do it (`platform.mesh`). Of a callee with one pod nothing is said.";
    /// A certificate that nobody makes.
    NO_CERTIFICATE = "PL0175" "route-without-certificate" Warning
        consequence "the gateway would wait for a certificate that never comes, and answer nobody by HTTPS"
        docs "`tls: auto` is a certificate from `platform.certificates`, which is `none` here. Name one of `secrets` (`kind: tls`), a Secret that exists (`tls: { secret: NAME }`), or write `tls: none`. On the embedded cluster that is a warning, since it has an issuer of its own; where the environment names a real cluster it is an error.";
    /// A secret that may not fit into a URL.
    SECRET_IN_URL = "PL0176" "secret-in-url" Warning
        consequence "a character such as `@`, `/` or `%` in it would end the login too early: clients reach another host, or none"
        docs "Between `://` and `@` of a URL only some characters stand as they are; others are percent-encoded, which nobody does with a value that is put in when the pod starts. Let the value be made (`kind: password` is letters and digits), or give the program host, user and password one by one.";
    /// A pod that is killed while it still waits.
    KILLED_EARLY = "PL0177" "killed-early" Warning
        consequence "the pod is killed before it hears that it should stop: what it was doing is lost"
        docs "`stop.grace` is the whole time from the decision to stop until the pod is killed, and `stop.drain` the sleep at its begin. What is left after the sleep is the time to finish.";
    /// An autoscaler that cannot go down to nothing.
    SCALE_TO_ZERO = "PL0178" "scale-to-zero" Error
        consequence "the API server refuses an autoscaler whose minimum is 0"
        docs "A service without pods has no use of cpu or memory to be measured. Only KEDA wakes it, by what is outside of it: write `scale: { replicas: 0..3, queries: […] }` with `platform.autoscaler: keda`.";
    /// A port in a text that the edge does not open.
    CLOSED_PORT = "PL0179" "closed-port" Error
        consequence "network policies cut the connection"
        docs "An edge opens the main port of a service; others are named by it: `uses: [{ api: { ports: [http, grpc] } }]`.";
}
