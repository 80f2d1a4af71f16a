"""The shape of every part of an object that is read anywhere, kind by kind.

Checked when a manifest is read, and once more when an object is composed, so that everything in
between and after may rely on it. A kind is taught here by adding its fields.
"""

from collections.abc import Mapping
from typing import Any

from stackctl.model.objects.kinds import BUILTIN, GroupKind, kind_of
from stackctl.model.shapes.decode import Problem, shown
from stackctl.model.shapes.shapes import (
    API_VERSION,
    BASE64,
    FLAG,
    KIND,
    MAP,
    NAME,
    QUANTITY,
    TEXT,
    TEXT_MAP,
    TEXTS,
    WHOLE,
    WHOLE_OR_TEXT,
    Reading,
    Secret,
    Shape,
    misshapen,
)

_OWNER: Shape = {
    "apiVersion!": TEXT,
    "kind!": TEXT,
    "name!": TEXT,
    "uid!": TEXT,
    "controller": FLAG,
    "blockOwnerDeletion": FLAG,
}
_LABELLED: Mapping[str, Any] = {
    "namespace": NAME,
    "labels": TEXT_MAP,
    "annotations": TEXT_MAP,
    "finalizers": TEXTS,
    "ownerReferences": [_OWNER],
}
METADATA: Mapping[str, Any] = {"name!": NAME, **_LABELLED}
_INNER_METADATA: Shape = {"name": TEXT, **_LABELLED}

_SELECTOR: Shape = {
    "matchLabels": TEXT_MAP,
    "matchExpressions": [{"key!": TEXT, "operator!": TEXT, "values": TEXTS}],
}
_AMOUNTS: Shape = {"*": QUANTITY}
_RESOURCES: Shape = {"limits": _AMOUNTS, "requests": _AMOUNTS, "claims": [{"name!": TEXT}]}

# Pods

_NAMED_REFERENCE: Shape = {"name": TEXT, "optional": FLAG}
_KEY_REFERENCE: Shape = {"name": TEXT, "key!": TEXT, "optional": FLAG}
_VARIABLE: Shape = {
    "name!": TEXT,
    "value": TEXT,
    "valueFrom": {
        "configMapKeyRef": _KEY_REFERENCE,
        "secretKeyRef": _KEY_REFERENCE,
        "fieldRef": {"fieldPath!": TEXT, "apiVersion": TEXT},
        "resourceFieldRef": {"resource!": TEXT, "containerName": TEXT, "divisor": QUANTITY},
    },
}
_HTTP_GET: Shape = {
    "host": TEXT,
    "path": TEXT,
    "port!": WHOLE_OR_TEXT,
    "scheme": TEXT,
    "httpHeaders": [{"name!": TEXT, "value!": TEXT}],
}
_HANDLER: Mapping[str, Any] = {
    "exec": {"command": TEXTS},
    "httpGet": _HTTP_GET,
    "tcpSocket": {"host": TEXT, "port!": WHOLE_OR_TEXT},
}
_PROBE: Shape = {
    **_HANDLER,
    "grpc": {"port!": WHOLE, "service": TEXT},
    "initialDelaySeconds": WHOLE,
    "timeoutSeconds": WHOLE,
    "periodSeconds": WHOLE,
    "successThreshold": WHOLE,
    "failureThreshold": WHOLE,
    "terminationGracePeriodSeconds": WHOLE,
}
_PORT: Shape = {
    "name": TEXT,
    "containerPort!": WHOLE,
    "hostPort": WHOLE,
    "hostIP": TEXT,
    "protocol": TEXT,
}
_MOUNT: Shape = {
    "name!": TEXT,
    "mountPath!": TEXT,
    "subPath": TEXT,
    "subPathExpr": TEXT,
    "mountPropagation": TEXT,
    "readOnly": FLAG,
}
_CONTAINER: Mapping[str, Any] = {
    "name!": TEXT,
    "image": TEXT,
    "imagePullPolicy": TEXT,
    "command": TEXTS,
    "args": TEXTS,
    "workingDir": TEXT,
    "env": [_VARIABLE],
    "envFrom": [{"prefix": TEXT, "configMapRef": _NAMED_REFERENCE, "secretRef": _NAMED_REFERENCE}],
    "ports": [_PORT],
    "resources": _RESOURCES,
    "volumeMounts": [_MOUNT],
    "volumeDevices": [{"name!": TEXT, "devicePath!": TEXT}],
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "startupProbe": _PROBE,
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
    "restartPolicy": TEXT,
    "securityContext": {
        "privileged": FLAG,
        "runAsNonRoot": FLAG,
        "runAsUser": WHOLE,
        "runAsGroup": WHOLE,
        "readOnlyRootFilesystem": FLAG,
        "allowPrivilegeEscalation": FLAG,
        "capabilities": {"add": TEXTS, "drop": TEXTS},
    },
    "stdin": FLAG,
    "tty": FLAG,
}
# A kind that imitates a Pod (a ServingRuntime) may leave the rest to its operator.
_PART_OF_CONTAINER: Mapping[str, Any] = {
    key.removesuffix("!"): value for key, value in _CONTAINER.items() if key != "name!"
} | {"name": TEXT}
_ITEMS: Shape = [{"key!": TEXT, "path!": TEXT, "mode": WHOLE}]
_SOURCE: Mapping[str, Any] = {"name": TEXT, "items": _ITEMS, "optional": FLAG}
_VOLUME: Shape = {
    "name!": TEXT,
    "configMap": {**_SOURCE, "defaultMode": WHOLE},
    "secret": {"secretName": TEXT, "items": _ITEMS, "defaultMode": WHOLE, "optional": FLAG},
    "emptyDir": {"medium": TEXT, "sizeLimit": QUANTITY},
    "hostPath": {"path!": TEXT, "type": TEXT},
    "persistentVolumeClaim": {"claimName!": TEXT, "readOnly": FLAG},
    "downwardAPI": {"items": [MAP], "defaultMode": WHOLE},
    "projected": {
        "defaultMode": WHOLE,
        "sources": [
            {
                "configMap": _SOURCE,
                "secret": _SOURCE,
                "downwardAPI": {"items": [MAP]},
                "serviceAccountToken": {
                    "path!": TEXT,
                    "audience": TEXT,
                    "expirationSeconds": WHOLE,
                },
            }
        ],
    },
    "csi": {"driver!": TEXT, "readOnly": FLAG, "volumeAttributes": TEXT_MAP},
    "ephemeral": {"volumeClaimTemplate": MAP},
    "nfs": {"server!": TEXT, "path!": TEXT, "readOnly": FLAG},
}
TOLERATION: Shape = {
    "key": TEXT,
    "operator": TEXT,
    "value": TEXT,
    "effect": TEXT,
    "tolerationSeconds": WHOLE,
}
_EXPRESSIONS: Shape = [{"key!": TEXT, "operator!": TEXT, "values": TEXTS}]
_NODE_TERM: Shape = {"matchExpressions": _EXPRESSIONS, "matchFields": _EXPRESSIONS}
_POD_TERM: Shape = {
    "topologyKey!": TEXT,
    "labelSelector": _SELECTOR,
    "namespaceSelector": _SELECTOR,
    "namespaces": TEXTS,
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_POD_AFFINITY: Shape = {
    _REQUIRED: [_POD_TERM],
    _PREFERRED: [{"weight!": WHOLE, "podAffinityTerm!": _POD_TERM}],
}
_POD: Mapping[str, Any] = {
    "containers!": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "nodeSelector": TEXT_MAP,
    "nodeName": TEXT,
    "tolerations": [TOLERATION],
    "affinity": {
        "nodeAffinity": {
            _REQUIRED: {"nodeSelectorTerms!": [_NODE_TERM]},
            _PREFERRED: [{"weight!": WHOLE, "preference!": _NODE_TERM}],
        },
        "podAffinity": _POD_AFFINITY,
        "podAntiAffinity": _POD_AFFINITY,
    },
    "topologySpreadConstraints": [
        {
            "maxSkew!": WHOLE,
            "topologyKey!": TEXT,
            "whenUnsatisfiable!": TEXT,
            "labelSelector": _SELECTOR,
        }
    ],
    "imagePullSecrets": [{"name": TEXT}],
    "hostAliases": [{"ip!": TEXT, "hostnames": TEXTS}],
    "serviceAccountName": TEXT,
    "serviceAccount": TEXT,
    "automountServiceAccountToken": FLAG,
    "priorityClassName": TEXT,
    "runtimeClassName": TEXT,
    "schedulerName": TEXT,
    "restartPolicy": TEXT,
    "dnsPolicy": TEXT,
    "hostname": TEXT,
    "subdomain": TEXT,
    "hostNetwork": FLAG,
    "hostPID": FLAG,
    "hostIPC": FLAG,
    "terminationGracePeriodSeconds": WHOLE,
    "activeDeadlineSeconds": WHOLE,
    "securityContext": {
        "runAsUser": WHOLE,
        "runAsGroup": WHOLE,
        "runAsNonRoot": FLAG,
        "fsGroup": WHOLE,
        "supplementalGroups": [WHOLE],
        "sysctls": [{"name!": TEXT, "value!": TEXT}],
    },
}
_TEMPLATE: Shape = {"metadata": _INNER_METADATA, "spec!": _POD}
_LIKE_A_POD: Mapping[str, Any] = {
    **{key: value for key, value in _POD.items() if "ontainers" not in key},
    "containers": [_PART_OF_CONTAINER],
    "initContainers": [_PART_OF_CONTAINER],
}

# What runs Pods

_ROLLING: Shape = {
    "type": TEXT,
    "rollingUpdate": {
        "maxUnavailable": WHOLE_OR_TEXT,
        "maxSurge": WHOLE_OR_TEXT,
        "partition": WHOLE,
    },
}
_WORKLOAD: Mapping[str, Any] = {
    "selector!": _SELECTOR,
    "template!": _TEMPLATE,
    "minReadySeconds": WHOLE,
    "revisionHistoryLimit": WHOLE,
}
_CLAIM: Shape = {
    "accessModes": TEXTS,
    "resources": _RESOURCES,
    "selector": _SELECTOR,
    "storageClassName": TEXT,
    "volumeMode": TEXT,
    "volumeName": TEXT,
}
_JOB: Mapping[str, Any] = {
    "template!": _TEMPLATE,
    "selector": _SELECTOR,
    "backoffLimit": WHOLE,
    "completions": WHOLE,
    "parallelism": WHOLE,
    "activeDeadlineSeconds": WHOLE,
    "ttlSecondsAfterFinished": WHOLE,
    "completionMode": TEXT,
    "suspend": FLAG,
}

# Rights

_RULES: Shape = [
    {
        "verbs!": TEXTS,
        "apiGroups": TEXTS,
        "resources": TEXTS,
        "resourceNames": TEXTS,
        "nonResourceURLs": TEXTS,
    }
]
_BINDING: Mapping[str, Any] = {
    "roleRef!": {"apiGroup": TEXT, "kind!": TEXT, "name!": TEXT},
    "subjects": [{"kind!": TEXT, "name!": TEXT, "namespace": TEXT, "apiGroup": TEXT}],
}

# What extends the API

_SERVICE_REFERENCE: Shape = {"name!": TEXT, "namespace!": TEXT, "path": TEXT, "port": WHOLE}
_CLIENT: Shape = {"service": _SERVICE_REFERENCE, "url": TEXT, "caBundle": BASE64}
_WEBHOOK: Shape = {
    "name!": TEXT,
    "clientConfig!": _CLIENT,
    "rules": [
        {
            "apiGroups": TEXTS,
            "apiVersions": TEXTS,
            "operations": TEXTS,
            "resources": TEXTS,
            "scope": TEXT,
        }
    ],
    "namespaceSelector": _SELECTOR,
    "objectSelector": _SELECTOR,
    "admissionReviewVersions": TEXTS,
    "failurePolicy": TEXT,
    "matchPolicy": TEXT,
    "reinvocationPolicy": TEXT,
    "sideEffects": TEXT,
    "timeoutSeconds": WHOLE,
    "matchConditions": [{"name!": TEXT, "expression!": TEXT}],
}
_WEBHOOKS: Mapping[str, Any] = {"webhooks": [_WEBHOOK]}
_VERSION: Shape = {
    "name!": TEXT,
    "served!": FLAG,
    "storage!": FLAG,
    "deprecated": FLAG,
    "schema": {"openAPIV3Schema": MAP},
    "subresources": MAP,
    "additionalPrinterColumns": [{"name!": TEXT, "type!": TEXT, "jsonPath!": TEXT}],
}
_DEFINITION: Shape = {
    "group!": TEXT,
    "scope!": TEXT,
    "names!": {
        "kind!": TEXT,
        "plural!": TEXT,
        "singular": TEXT,
        "listKind": TEXT,
        "shortNames": TEXTS,
        "categories": TEXTS,
    },
    "versions!": [_VERSION],
    "preserveUnknownFields": FLAG,
    "conversion": {
        "strategy!": TEXT,
        "webhook": {"clientConfig": _CLIENT, "conversionReviewVersions!": TEXTS},
    },
}

# Networks

_PEER: Shape = {
    "podSelector": _SELECTOR,
    "namespaceSelector": _SELECTOR,
    "ipBlock": {"cidr!": TEXT, "except": TEXTS},
}
_POLICY_PORTS: Shape = [{"port": WHOLE_OR_TEXT, "protocol": TEXT, "endPort": WHOLE}]
_BACKEND: Shape = {
    "service": {"name!": TEXT, "port": {"name": TEXT, "number": WHOLE}},
    "resource": MAP,
}

_BY_GROUP: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "": {
        "Namespace": {"spec": {"finalizers": TEXTS}},
        "ConfigMap": {"data": TEXT_MAP, "binaryData": {"*": BASE64}, "immutable": FLAG},
        "Secret": {
            "type": TEXT,
            "data": Secret({"*": BASE64}),
            "stringData": Secret(TEXT_MAP),
            "immutable": FLAG,
        },
        "ServiceAccount": {
            "imagePullSecrets": [{"name": TEXT}],
            "secrets": [{"name": TEXT}],
            "automountServiceAccountToken": FLAG,
        },
        "Service": {
            "spec": {
                "type": TEXT,
                "selector": TEXT_MAP,
                "clusterIP": TEXT,
                "clusterIPs": TEXTS,
                "externalName": TEXT,
                "sessionAffinity": TEXT,
                "publishNotReadyAddresses": FLAG,
                "ports": [
                    {
                        "name": TEXT,
                        "port!": WHOLE,
                        "targetPort": WHOLE_OR_TEXT,
                        "nodePort": WHOLE,
                        "protocol": TEXT,
                        "appProtocol": TEXT,
                    }
                ],
            }
        },
        "PersistentVolumeClaim": {"spec": _CLAIM},
        "PersistentVolume": {
            "spec": {
                "capacity": _AMOUNTS,
                "accessModes": TEXTS,
                "storageClassName": TEXT,
                "claimRef": {"name": TEXT, "namespace": TEXT},
            }
        },
        "Pod": {"spec!": _POD},
        "PodTemplate": {"template!": _TEMPLATE},
        "ReplicationController": {
            "spec!": {"replicas": WHOLE, "selector": TEXT_MAP, "template": _TEMPLATE}
        },
        "ResourceQuota": {"spec": {"hard": _AMOUNTS, "scopes": TEXTS}},
        "LimitRange": {
            "spec!": {
                "limits!": [
                    {
                        "type!": TEXT,
                        "default": _AMOUNTS,
                        "defaultRequest": _AMOUNTS,
                        "max": _AMOUNTS,
                        "min": _AMOUNTS,
                        "maxLimitRequestRatio": _AMOUNTS,
                    }
                ]
            }
        },
    },
    "apps": {
        "Deployment": {
            "spec!": {**_WORKLOAD, "replicas": WHOLE, "paused": FLAG, "strategy": _ROLLING}
        },
        "ReplicaSet": {"spec!": {**_WORKLOAD, "template!": _TEMPLATE, "replicas": WHOLE}},
        "DaemonSet": {"spec!": {**_WORKLOAD, "updateStrategy": _ROLLING}},
        "StatefulSet": {
            "spec!": {
                **_WORKLOAD,
                "replicas": WHOLE,
                "serviceName": TEXT,
                "podManagementPolicy": TEXT,
                "updateStrategy": _ROLLING,
                "volumeClaimTemplates": [{"metadata": _INNER_METADATA, "spec": _CLAIM}],
            }
        },
    },
    "batch": {
        "Job": {"spec!": _JOB},
        "CronJob": {
            "spec!": {
                "schedule!": TEXT,
                "timeZone": TEXT,
                "concurrencyPolicy": TEXT,
                "suspend": FLAG,
                "jobTemplate!": {"metadata": _INNER_METADATA, "spec!": _JOB},
            }
        },
    },
    "rbac.authorization.k8s.io": {
        "Role": {"rules": _RULES},
        "ClusterRole": {
            "rules": _RULES,
            "aggregationRule": {"clusterRoleSelectors": [_SELECTOR]},
        },
        "RoleBinding": _BINDING,
        "ClusterRoleBinding": _BINDING,
    },
    "admissionregistration.k8s.io": {
        "ValidatingWebhookConfiguration": _WEBHOOKS,
        "MutatingWebhookConfiguration": _WEBHOOKS,
        "ValidatingAdmissionPolicy": {"spec": MAP},
        "MutatingAdmissionPolicy": {"spec": MAP},
        "ValidatingAdmissionPolicyBinding": {"spec": {"policyName": TEXT}},
        "MutatingAdmissionPolicyBinding": {"spec": {"policyName": TEXT}},
    },
    "apiextensions.k8s.io": {"CustomResourceDefinition": {"spec!": _DEFINITION}},
    "apiregistration.k8s.io": {
        "APIService": {
            "spec!": {
                "group": TEXT,
                "version": TEXT,
                "groupPriorityMinimum!": WHOLE,
                "versionPriority!": WHOLE,
                "insecureSkipTLSVerify": FLAG,
                "caBundle": BASE64,
                "service": {"name": TEXT, "namespace": TEXT, "port": WHOLE},
            }
        }
    },
    "autoscaling": {
        "HorizontalPodAutoscaler": {
            "spec!": {
                "minReplicas": WHOLE,
                "maxReplicas!": WHOLE,
                "scaleTargetRef!": {"apiVersion": TEXT, "kind!": TEXT, "name!": TEXT},
                "metrics": [MAP],
            }
        }
    },
    "policy": {
        "PodDisruptionBudget": {
            "spec": {
                "minAvailable": WHOLE_OR_TEXT,
                "maxUnavailable": WHOLE_OR_TEXT,
                "selector": _SELECTOR,
            }
        }
    },
    "networking.k8s.io": {
        "NetworkPolicy": {
            "spec": {
                "podSelector": _SELECTOR,
                "policyTypes": TEXTS,
                "ingress": [{"from": [_PEER], "ports": _POLICY_PORTS}],
                "egress": [{"to": [_PEER], "ports": _POLICY_PORTS}],
            }
        },
        "Ingress": {
            "spec": {
                "ingressClassName": TEXT,
                "defaultBackend": _BACKEND,
                "tls": [{"hosts": TEXTS, "secretName": TEXT}],
                "rules": [
                    {
                        "host": TEXT,
                        "http": {
                            "paths!": [{"path": TEXT, "pathType!": TEXT, "backend!": _BACKEND}]
                        },
                    }
                ],
            }
        },
        "IngressClass": {"spec": {"controller": TEXT}},
    },
    "scheduling.k8s.io": {
        "PriorityClass": {"value!": WHOLE, "globalDefault": FLAG, "description": TEXT}
    },
    "storage.k8s.io": {
        "StorageClass": {
            "provisioner!": TEXT,
            "parameters": TEXT_MAP,
            "reclaimPolicy": TEXT,
            "volumeBindingMode": TEXT,
            "allowVolumeExpansion": FLAG,
            "mountOptions": TEXTS,
        },
        "CSIDriver": {"spec": MAP},
    },
    "node.k8s.io": {"RuntimeClass": {"handler!": TEXT, "overhead": {"podFixed": _AMOUNTS}}},
    "coordination.k8s.io": {"Lease": {"spec": {"holderIdentity": TEXT}}},
    "cert-manager.io": {
        "Certificate": {"spec!": {"commonName": TEXT, "dnsNames": TEXTS, "secretName": TEXT}}
    },
    "monitoring.coreos.com": {
        kind: {"spec!": {"namespaceSelector": {"any": FLAG, "matchNames": TEXTS}}}
        for kind in ("ServiceMonitor", "PodMonitor")
    },
    "serving.kserve.io": {
        **{
            kind: {"spec!": {**_LIKE_A_POD, "container": _PART_OF_CONTAINER}}
            for kind in ("ServingRuntime", "ClusterServingRuntime")
        },
        "ClusterStorageContainer": {"spec!": {"container": _PART_OF_CONTAINER}},
    },
}
_ANY_OBJECT: Mapping[str, Any] = {
    "apiVersion!": API_VERSION,
    "kind!": KIND,
    "metadata!": METADATA,
}
_SHAPES: Mapping[GroupKind, Shape] = {
    (group, kind): {**_ANY_OBJECT, **fields}
    for group, kinds in _BY_GROUP.items()
    for kind, fields in kinds.items()
}

_IDENTITY: Shape = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "metadata": {"name": NAME, "namespace": NAME},
}


def shape_of(kind: GroupKind) -> Shape:
    """Return the shape of a kind's objects; of one nobody knows, that of its metadata."""
    return _SHAPES.get(kind, _ANY_OBJECT)


def object_problems(manifest: Any, *, patch: bool = False) -> list[Problem]:
    """Return what of an object, or of a patch of one, has another shape than its kind has."""
    if problems := _unidentified(manifest):
        return problems
    kind = kind_of(manifest)
    return misshapen(manifest, shape_of(kind), reading=Reading(patch, kind in BUILTIN))


def _unidentified(manifest: Any) -> list[Problem]:
    """Say what a value lacks to be an object of some kind."""
    if not isinstance(manifest, dict):
        return [Problem((), f"expected an object, found {shown(manifest)}")]
    metadata = manifest.get("metadata")
    names = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name") if isinstance(metadata, dict) else None,
    }
    lacking = [key for key, value in names.items() if value in (None, "")]
    if isinstance(metadata, dict | None) and lacking:
        return [Problem((), f"an object needs {', '.join(lacking)}")]
    return misshapen(manifest, _IDENTITY)
