// Syncs one folder of manifests as an Application of Argo CD does, by its own sync engine: what differs, waves,
// hooks, health, pruning. What Argo CD does around the engine is repeated here in a few lines, each with its place
// in Argo CD 3.2; health of custom resources, which is written in Lua there, and `ignoreDifferences` are left out.
//
//	argo-sync KUBECONFIG APPLICATION NAMESPACE FOLDER
//
// Prints one JSON object; ends with 1 only if it could not work at all.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/sync/hook"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// Argo CD tracks by this annotation: common/common.go, AnnotationKeyAppInstance.
	tracking = "argocd.argoproj.io/tracking-id"
	// common/common.go, AnnotationIgnoreHealthCheck.
	ignored = "argocd.argoproj.io/ignore-healthcheck"
	// common/common.go, ArgoCDSSAManager.
	manager  = "argocd-controller"
	patience = time.Minute
	pause    = 100 * time.Millisecond
)

type report struct {
	// What differed before anything was done; nothing is done where nothing differs.
	OutOfSync []string `json:"outOfSync"`
	// How they differ, for whoever reads a failed test.
	Differences map[string]string `json:"differences"`
	Phase       string            `json:"phase"`
	Message     string            `json:"message"`
	Results     []result          `json:"results"`
	// Objects that are not healthy after the sync.
	Unhealthy []string `json:"unhealthy"`
}

type result struct {
	Object  string `json:"object"`
	Phase   string `json:"phase"`
	Status  string `json:"status"`
	Hook    string `json:"hook"`
	Message string `json:"message"`
}

type application struct {
	name, namespace string
	config          *rest.Config
	cluster         cache.ClusterCache
	kubectl         kube.Kubectl
	targets         []*unstructured.Unstructured
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("argo-sync KUBECONFIG APPLICATION NAMESPACE FOLDER")
	}
	report, err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		log.Fatal(err)
	}
}

func run(kubeconfig, name, namespace, folder string) (*report, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	app := &application{name: name, namespace: namespace, config: config, kubectl: &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}}
	if app.targets, err = read(folder); err != nil {
		return nil, err
	}
	app.track()
	app.cluster = cache.NewClusterCache(config, cache.SetLogr(logr.Discard()), cache.SetPopulateResourceInfoHandler(
		func(object *unstructured.Unstructured, _ bool) (any, bool) {
			id := object.GetAnnotations()[tracking]
			return strings.SplitN(id, ":", 2)[0], id != ""
		}))
	if err := app.cluster.EnsureSynced(); err != nil {
		return nil, err
	}
	return app.sync()
}

func read(folder string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := kube.SplitYAML(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

// Marks what belongs to the Application: util/argo/resource_tracking.go. Hooks are marked as well.
func (app *application) track() {
	for _, object := range app.targets {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		key := kube.GetResourceKey(object)
		annotations[tracking] = fmt.Sprintf("%s:%s/%s:%s/%s", app.name, key.Group, key.Kind, key.Namespace, key.Name)
		object.SetAnnotations(annotations)
	}
}

// controller/state.go, CompareAppState, and controller/sync.go, SyncAppState.
func (app *application) sync() (*report, error) {
	wanted, err := app.reconcile()
	if err != nil {
		return nil, err
	}
	// An Application that asks for `ServerSideApply=true` is compared by what each manager owns.
	differences, err := diff.DiffArray(wanted.Target, wanted.Live, diff.WithLogr(logr.Discard()),
		diff.WithStructuredMergeDiff(true), diff.WithGVKParser(app.cluster.GetGVKParser()), diff.WithManager(manager))
	if err != nil {
		return nil, err
	}
	out := &report{OutOfSync: []string{}, Differences: map[string]string{}, Results: []result{}, Unhealthy: []string{}}
	for i := range wanted.Target {
		object := wanted.Target[i]
		if object == nil {
			object = wanted.Live[i]
		}
		// A hook that ran is left over; it is no part of what is wanted.
		same := wanted.Target[i] != nil && wanted.Live[i] != nil && !differences.Diffs[i].Modified
		if hook.IsHook(object) || same {
			continue
		}
		out.OutOfSync = append(out.OutOfSync, title(object))
		if wanted.Target[i] != nil && wanted.Live[i] != nil {
			out.Differences[title(object)] = fmt.Sprintf("%s\n%s", differences.Diffs[i].NormalizedLive, differences.Diffs[i].PredictedLive)
		}
	}
	sort.Strings(out.OutOfSync)
	if len(out.OutOfSync) == 0 {
		out.Phase, out.Message = string(common.OperationSucceeded), "nothing differs"
	} else if err := app.operate(out); err != nil {
		return nil, err
	}
	return out, app.settle(out)
}

// What is wanted, beside what is there.
func (app *application) reconcile() (sync.ReconciliationResult, error) {
	live, err := app.cluster.GetManagedLiveObjs(app.targets, func(resource *cache.Resource) bool {
		owner, _ := resource.Info.(string)
		return owner == app.name
	})
	return sync.Reconcile(app.targets, live, app.namespace, app.cluster), err
}

// One operation: Argo CD looks at the cluster anew for each step, and goes on from where it stood.
func (app *application) operate(out *report) error {
	begin := metav1.Now()
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult(nil)
	for !phase.Completed() && time.Since(begin.Time) < patience {
		wanted, err := app.reconcile()
		if err != nil {
			return err
		}
		// With the sync options that our Applications have.
		operation, cleanup, err := sync.NewSyncContext("test", wanted, app.config, app.config, app.kubectl, app.namespace,
			app.cluster.GetOpenAPISchema(), sync.WithLogr(logr.Discard()), sync.WithPrune(true), sync.WithPruneLast(true),
			sync.WithServerSideApply(true), sync.WithServerSideApplyManager(manager),
			sync.WithInitialState(phase, message, results, begin))
		if err != nil {
			return err
		}
		operation.Sync()
		phase, message, results = operation.GetState()
		cleanup()
		time.Sleep(pause)
	}
	out.Phase, out.Message = string(phase), message
	sort.Slice(results, func(a, b int) bool { return results[a].Order < results[b].Order })
	for _, one := range results {
		out.Results = append(out.Results, result{
			Object: one.ResourceKey.Kind + "/" + one.ResourceKey.Name, Phase: string(one.SyncPhase),
			Status: string(one.Status), Hook: string(one.HookPhase), Message: one.Message,
		})
	}
	return nil
}

// Waits until nothing is on its way any more: what an Application above this one waits for.
func (app *application) settle(out *report) error {
	begin := time.Now()
	for {
		unhealthy, moving, err := app.health()
		if err != nil {
			return err
		}
		if out.Unhealthy = unhealthy; !moving || out.Phase != string(common.OperationSucceeded) || time.Since(begin) > patience {
			return nil
		}
		time.Sleep(pause)
	}
}

func (app *application) health() (unhealthy []string, moving bool, err error) {
	unhealthy = []string{}
	for _, object := range app.targets {
		if hook.IsHook(object) {
			continue
		}
		live, err := app.kubectl.GetResource(context.Background(), app.config, object.GroupVersionKind(), object.GetName(), object.GetNamespace())
		if err != nil {
			unhealthy = append(unhealthy, title(object)+" missing")
			continue
		}
		status, err := health.GetResourceHealth(live, nil)
		if err != nil {
			return nil, false, err
		}
		// controller/health.go, setApplicationHealth: waves wait for it, an Application above does not.
		if live.GetAnnotations()[ignored] == "true" {
			continue
		}
		if status != nil && status.Status != health.HealthStatusHealthy {
			unhealthy = append(unhealthy, title(object)+" "+string(status.Status))
			moving = moving || status.Status == health.HealthStatusProgressing
		}
	}
	return unhealthy, moving, nil
}

func title(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetName()
}
