#include "tests/etcd_extract_objects.h"

#include <iterator>

namespace holdfast::tests {
namespace {

#define POD_SPEC                                                                                  \
  R"({"containers":[{"name":"c","image":"i:1","command":["a","b"],"args":["<&>"],)"               \
  R"("env":[{"name":"A","value":"x"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s",)"       \
  R"("key":"k","optional":true}}},{"name":"C","valueFrom":{"fieldRef":{"fieldPath":)"             \
  R"("metadata.name"}}}],"ports":[{"containerPort":80,"name":"http"}],"resources":{"limits":)"    \
  R"({"cpu":"1500m","memory":"128Mi"},"requests":{"cpu":"0.5"}},"livenessProbe":{"httpGet":)"     \
  R"({"path":"/","port":"http"},"periodSeconds":5},"readinessProbe":{"tcpSocket":{"port":80}},)"  \
  R"("volumeMounts":[{"name":"v","mountPath":"/v"}],"securityContext":{"runAsUser":0,)"           \
  R"("privileged":false}}],"volumes":[{"name":"v","projected":{"sources":[{"configMap":{"name":)" \
  R"("cm","items":[{"key":"a","path":"b"}]}},{"secret":{"name":"s"}}]}},{"name":"e",)"            \
  R"("emptyDir":{"sizeLimit":"1Gi"}}],"tolerations":[{"operator":"Exists"}],"affinity":)"         \
  R"({"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":)"    \
  R"([{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}]}}})"
#define META(name) R"({"metadata":{"name":")" name R"("},)"
#define TEMPLATE                                                                             \
  R"("selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}},)" \
  R"("spec":)" POD_SPEC "}}"

constexpr NewObject kObjects[] = {
    {"/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
     R"({"metadata":{"name":"widgets.test.holdfast.example"},"spec":{"group":)"
     R"("test.holdfast.example","scope":"Namespaced","names":{"plural":"widgets","singular":)"
     R"("widget","kind":"Widget","shortNames":["wd"]},"versions":[{"name":"v1","served":true,)"
     R"("storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object",)"
     R"("properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true,)"
     R"("properties":{"size":{"type":"integer","default":3}}}}}}}]}})"},
    {"/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
     R"({"metadata":{"name":"gadgets.test.holdfast.example"},"spec":{"group":)"
     R"("test.holdfast.example","scope":"Cluster","names":{"plural":"gadgets","kind":"Gadget"},)"
     R"("versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":)"
     R"({"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})"},
    {"/api/v1/namespaces", R"({"metadata":{"name":"shop","labels":{"team":"a"}}})"},
    {"/api/v1/namespaces", R"({"metadata":{"name":"lab"}})"},
    {"/api/v1/namespaces/shop/configmaps",
     META("cm") R"("data":{"a":"1","b":"ü <&> \n"},"binaryData":{"x":"AAECAwQ="}})"},
    {"/api/v1/namespaces/shop/secrets",
     META("s") R"("type":"Opaque","immutable":true,"data":{"k":"c2VjcmV0","empty":""}})"},
    {"/api/v1/namespaces/shop/secrets",
     R"({"metadata":{"name":"labelled","labels":{"tier":"web"}},"stringData":{"p":"w"}})"},
    {"/api/v1/namespaces/shop/serviceaccounts",
     META("sa") R"("automountServiceAccountToken":false,"imagePullSecrets":[{"name":"s"}]})"},
    {"/api/v1/namespaces/shop/services",
     META("web") R"("spec":{"selector":{"app":"x"},"ports":[{"name":"a","port":80,"targetPort":)"
                 R"("http"},{"name":"b","port":443,"targetPort":8443}]}})"},
    {"/api/v1/namespaces/shop/endpoints",
     META("manual") R"("subsets":[{"addresses":[{"ip":"10.9.8.7"}],"ports":[{"port":80}]}]})"},
    {"/api/v1/namespaces/shop/pods", META("pod") R"("spec":)" POD_SPEC "}}"},
    {"/api/v1/namespaces/shop/podtemplates", META("pt") R"("template":{"spec":)" POD_SPEC "}}}"},
    {"/api/v1/namespaces/shop/replicationcontrollers",
     META("rc") R"("spec":{"replicas":0,"selector":{"app":"x"},"template":{"metadata":{"labels":)"
                R"({"app":"x"}},"spec":)" POD_SPEC "}}}}"},
    {"/api/v1/namespaces/shop/persistentvolumeclaims",
     META("pvc") R"("spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":)"
                 R"("1.5Gi"}}}})"},
    {"/api/v1/persistentvolumes",
     META("pv") R"("spec":{"capacity":{"storage":"10G"},"accessModes":["ReadWriteMany"],"nfs":)"
                R"({"server":"s","path":"/p"}}})"},
    {"/api/v1/namespaces/shop/resourcequotas",
     META("q") R"("spec":{"hard":{"pods":"10","requests.cpu":"2500m"}}})"},
    {"/api/v1/namespaces/shop/limitranges",
     META("lr") R"("spec":{"limits":[{"type":"Container","default":{"cpu":"1"}}]}})"},
    {"/api/v1/namespaces/shop/events",
     META("ev") R"("involvedObject":{"kind":"Pod","name":"pod","namespace":"shop"},"eventTime":)"
                R"("2026-01-02T03:04:05.678901Z","reportingComponent":"r","reportingInstance":"i",)"
                R"("action":"a","reason":"R","type":"Normal"})"},
    {"/api/v1/nodes",
     META("node-1") R"("spec":{"podCIDR":"10.1.0.0/24","podCIDRs":["10.1.0.0/24"],"taints":)"
                    R"([{"key":"k","effect":"NoSchedule"}]}})"},
    {"/apis/apps/v1/namespaces/shop/deployments",
     META("dep") R"("spec":{"replicas":0,"strategy":{"rollingUpdate":{"maxSurge":"25%",)"
                 R"("maxUnavailable":1}},)" TEMPLATE "}}"},
    {"/apis/apps/v1/namespaces/shop/daemonsets", META("ds") R"("spec":{)" TEMPLATE "}}"},
    {"/apis/apps/v1/namespaces/shop/statefulsets",
     META("sts") R"("spec":{"replicas":0,"serviceName":"web","volumeClaimTemplates":[{"metadata":)"
                 R"({"name":"d"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":)"
                 R"({"storage":"1Gi"}}}}],)" TEMPLATE "}}"},
    {"/apis/apps/v1/namespaces/shop/replicasets",
     META("rs") R"("spec":{"replicas":0,)" TEMPLATE "}}"},
    {"/apis/apps/v1/namespaces/shop/controllerrevisions",
     META("cr") R"("revision":7,"data":{"spec":{"a":[1,2.50,{"b":null}],"t":"<x>"}}})"},
    {"/apis/batch/v1/namespaces/lab/jobs",
     META("job") R"("spec":{"suspend":true,"template":{"spec":{"restartPolicy":"Never",)"
                 R"("containers":[{"name":"c","image":"i"}]}}}})"},
    {"/apis/batch/v1/namespaces/shop/cronjobs",
     META("cj") R"("spec":{"suspend":true,"schedule":"0 0 * * *","jobTemplate":{"spec":)"
                R"({"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c",)"
                R"("image":"i"}]}}}}}})"},
    {"/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
     META("ing") R"("spec":{"rules":[{"host":"a.b","http":{"paths":[{"path":"/","pathType":)"
                 R"("Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}})"},
    {"/apis/networking.k8s.io/v1/ingressclasses",
     META("ic") R"("spec":{"controller":"a/b","parameters":{"apiGroup":"k8s.example.com","kind":)"
                R"("P","name":"p","scope":"Cluster"}}})"},
    {"/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies",
     META("np") R"("spec":{"podSelector":{},"policyTypes":["Ingress"],"ingress":[{"from":)"
                R"([{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":)"
                R"([{"port":80,"endPort":90}]}]}})"},
    {"/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles",
     META("r") R"("rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})"},
    {"/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles", META("empty") R"("rules":[]})"},
    {"/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings",
     META("rb") R"("roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},)"
                R"("subjects":[{"kind":"ServiceAccount","name":"sa","namespace":"shop"}]})"},
    {"/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
     META("pdb") R"("spec":{"minAvailable":"50%","selector":{"matchLabels":{"app":"x"}}}})"},
    {"/apis/storage.k8s.io/v1/storageclasses",
     META("sc") R"("provisioner":"p","parameters":{"a":"b"},"allowVolumeExpansion":true})"},
    {"/apis/storage.k8s.io/v1/csidrivers",
     META("drv") R"("spec":{"attachRequired":false,"tokenRequests":[{"audience":"a"}]}})"},
    {"/apis/storage.k8s.io/v1/csinodes",
     META("node-1") R"("spec":{"drivers":[{"name":"d","nodeID":"n","topologyKeys":null}]}})"},
    {"/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
     META("hpa") R"("spec":{"maxReplicas":3,"scaleTargetRef":{"apiVersion":"apps/v1","kind":)"
                 R"("Deployment","name":"dep"},"metrics":[{"type":"Resource","resource":{"name":)"
                 R"("cpu","target":{"type":"Utilization","averageUtilization":60}}}]}})"},
    {"/apis/scheduling.k8s.io/v1/priorityclasses", META("pc") R"("value":-5})"},
    {"/apis/coordination.k8s.io/v1/namespaces/shop/leases",
     META("l") R"("spec":{"holderIdentity":"h","renewTime":"2026-01-02T03:04:05.000006Z"}})"},
    {"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
     META("es") R"("addressType":"IPv4","endpoints":[{"addresses":["10.9.8.7"],"conditions":)"
                R"({"ready":false}}],"ports":[{"port":80,"name":""}]})"},
    {"/apis/node.k8s.io/v1/runtimeclasses",
     META("rtc") R"("handler":"h","overhead":{"podFixed":{"cpu":"10m"}}})"},
    {"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
     META("vwc") R"("webhooks":[{"name":"a.b.c","clientConfig":{"url":"https://localhost:1/",)"
                 R"("caBundle":""},"sideEffects":"None","admissionReviewVersions":["v1"],)"
                 R"("failurePolicy":"Ignore","rules":[{"apiGroups":["none.example"],)"
                 R"("apiVersions":["*"],"resources":["*"],"operations":["CREATE"]}]}]})"},
    {"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
     META("vap") R"("spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["none.example"],)"
                 R"("apiVersions":["v1"],"resources":["x"],"operations":["CREATE"]}]},)"
                 R"("variables":[{"name":"v","expression":"1"}],"validations":[{"expression":)"
                 R"("true","message":"m"}]}})"},
    {"/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
     META("fs") R"("spec":{"matchingPrecedence":9000,"priorityLevelConfiguration":{"name":)"
                R"("catch-all"}}})"},
    {"/apis/test.holdfast.example/v1/namespaces/shop/widgets",
     R"({"apiVersion":"test.holdfast.example/v1","kind":"Widget","metadata":{"name":"w","labels":)"
     R"({"tier":"web"}},"spec":{"text":"<&>","n":1.50,"big":9007199254740993,"e":1e3}})"},
    {"/apis/test.holdfast.example/v1/gadgets",
     R"({"apiVersion":"test.holdfast.example/v1","kind":"Gadget","metadata":{"name":"g"},"x":[]})"}};

}  // namespace

const NewObject* NewObjects::begin() const { return std::begin(kObjects); }
const NewObject* NewObjects::end() const { return std::end(kObjects); }

}  // namespace holdfast::tests
