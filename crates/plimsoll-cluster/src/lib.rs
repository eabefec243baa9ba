//! A Kubernetes cluster inside the process: API server, controllers, scheduler and nodes in virtual time.
