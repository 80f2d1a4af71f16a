"""The shape of every part of an object that is read anywhere, kind by kind.

Checked when a manifest is read, and once more when an object is composed, so that everything in
between and after may rely on it. A kind is taught here by adding its fields.
"""

from collections.abc import Mapping
from typing import Any

from stackctl.model.objects.kinds import BUILTIN, GroupKind, kind_of
from stackctl.model.shapes.decode import Problem, shown
from stackctl.model.shapes.pod_shapes import (
    AMOUNTS,
    INNER_METADATA,
    METADATA,
    POD,
    RESOURCES,
    SELECTOR,
    TEMPLATE,
)
from stackctl.model.shapes.shapes import (
    API_VERSION,
    BASE64,
    BASE64_ENTRY,
    ENTRIES,
    FLAG,
    KIND,
    MAP,
    NAME,
    TEXT,
    TEXT_MAP,
    TEXTS,
    WHOLE,
    WHOLE_OR_TEXT,
    Reading,
    Secret,
    Shape,
    fits,
    misshapen,
)

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
    "selector!": SELECTOR,
    "template!": TEMPLATE,
    "minReadySeconds": WHOLE,
    "revisionHistoryLimit": WHOLE,
}
_CLAIM: Shape = {
    "accessModes": TEXTS,
    "resources": RESOURCES,
    "selector": SELECTOR,
    "storageClassName": TEXT,
    "volumeMode": TEXT,
    "volumeName": TEXT,
}
_JOB: Mapping[str, Any] = {
    "template!": TEMPLATE,
    "selector": SELECTOR,
    "backoffLimit": WHOLE,
    "completions": WHOLE,
    "parallelism": WHOLE,
    "activeDeadlineSeconds": WHOLE,
    "ttlSecondsAfterFinished": WHOLE,
    "completionMode": TEXT,
    "suspend": FLAG,
}

_DEVICE_CLAIM: Shape = {
    "devices": {"requests": [{"name!": TEXT}], "constraints": [MAP], "config": [MAP]}
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
    "namespaceSelector": SELECTOR,
    "objectSelector": SELECTOR,
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
    "podSelector": SELECTOR,
    "namespaceSelector": SELECTOR,
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
        "ConfigMap": {"data": ENTRIES, "binaryData": {"*": BASE64_ENTRY}, "immutable": FLAG},
        "Secret": {
            "type": TEXT,
            "data": Secret({"*": BASE64_ENTRY}),
            "stringData": Secret(ENTRIES),
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
                "externalIPs": TEXTS,
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
                "capacity": AMOUNTS,
                "accessModes": TEXTS,
                "storageClassName": TEXT,
                "claimRef": {"name": TEXT, "namespace": TEXT},
            }
        },
        "Pod": {"spec!": POD},
        "PodTemplate": {"template!": TEMPLATE},
        "ReplicationController": {
            "spec!": {"replicas": WHOLE, "selector": TEXT_MAP, "template": TEMPLATE}
        },
        "Endpoints": {"subsets": [{"addresses": [MAP], "ports": [MAP]}]},
        "ResourceQuota": {"spec": {"hard": AMOUNTS, "scopes": TEXTS}},
        "LimitRange": {
            "spec!": {
                "limits!": [
                    {
                        "type!": TEXT,
                        "default": AMOUNTS,
                        "defaultRequest": AMOUNTS,
                        "max": AMOUNTS,
                        "min": AMOUNTS,
                        "maxLimitRequestRatio": AMOUNTS,
                    }
                ]
            }
        },
    },
    "apps": {
        "Deployment": {
            "spec!": {
                **_WORKLOAD,
                "replicas": WHOLE,
                "paused": FLAG,
                "strategy": _ROLLING,
                "progressDeadlineSeconds": WHOLE,
            }
        },
        "ReplicaSet": {"spec!": {**_WORKLOAD, "template!": TEMPLATE, "replicas": WHOLE}},
        "DaemonSet": {"spec!": {**_WORKLOAD, "updateStrategy": _ROLLING}},
        "StatefulSet": {
            "spec!": {
                **_WORKLOAD,
                "replicas": WHOLE,
                "serviceName": TEXT,
                "podManagementPolicy": TEXT,
                "updateStrategy": _ROLLING,
                "volumeClaimTemplates": [{"metadata": INNER_METADATA, "spec": _CLAIM}],
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
                "jobTemplate!": {"metadata": INNER_METADATA, "spec!": _JOB},
            }
        },
    },
    "rbac.authorization.k8s.io": {
        "Role": {"rules": _RULES},
        "ClusterRole": {
            "rules": _RULES,
            "aggregationRule": {"clusterRoleSelectors": [SELECTOR]},
        },
        "RoleBinding": _BINDING,
        "ClusterRoleBinding": _BINDING,
    },
    "admissionregistration.k8s.io": {
        "ValidatingWebhookConfiguration": _WEBHOOKS,
        "MutatingWebhookConfiguration": _WEBHOOKS,
        "ValidatingAdmissionPolicy": {"spec": {"validations": [MAP], "matchConditions": [MAP]}},
        "MutatingAdmissionPolicy": {"spec": {"mutations": [MAP], "matchConditions": [MAP]}},
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
                "behavior": {"scaleUp": MAP, "scaleDown": MAP},
            }
        }
    },
    "policy": {
        "PodDisruptionBudget": {
            "spec": {
                "minAvailable": WHOLE_OR_TEXT,
                "maxUnavailable": WHOLE_OR_TEXT,
                "selector": SELECTOR,
            }
        }
    },
    "networking.k8s.io": {
        "NetworkPolicy": {
            "spec": {
                "podSelector": SELECTOR,
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
    "node.k8s.io": {"RuntimeClass": {"handler!": TEXT, "overhead": {"podFixed": AMOUNTS}}},
    "discovery.k8s.io": {
        "EndpointSlice": {"addressType!": TEXT, "endpoints": [MAP], "ports": [MAP]}
    },
    "flowcontrol.apiserver.k8s.io": {
        "FlowSchema": {"spec": {"rules": [MAP]}},
        "PriorityLevelConfiguration": {"spec": MAP},
    },
    "resource.k8s.io": {
        "DeviceClass": {"spec!": {"selectors": [MAP], "config": [MAP]}},
        "ResourceClaim": {"spec!": _DEVICE_CLAIM},
        "ResourceClaimTemplate": {"spec!": {"metadata": INNER_METADATA, "spec!": _DEVICE_CLAIM}},
    },
    "coordination.k8s.io": {"Lease": {"spec": {"holderIdentity": TEXT}}},
    "serving.kserve.io": {
        kind: {"spec!": MAP}
        for kind in ("ServingRuntime", "ClusterServingRuntime", "InferenceService", "TrainedModel")
    },
    "kubeflow.org": {kind: {"spec!": MAP} for kind in ("TFJob", "PyTorchJob", "MPIJob")},
    "sparkoperator.k8s.io": {
        kind: {"spec!": MAP} for kind in ("SparkApplication", "ScheduledSparkApplication")
    },
    "cert-manager.io": {
        "Certificate": {"spec!": {"commonName": TEXT, "dnsNames": TEXTS, "secretName": TEXT}}
    },
    "monitoring.coreos.com": {
        kind: {"spec!": {"namespaceSelector": {"any": FLAG, "matchNames": TEXTS}}}
        for kind in ("ServiceMonitor", "PodMonitor")
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


_BUILTIN = Reading()
_CUSTOM = Reading(nulls=False)


def object_problems(manifest: Any, *, patch: bool = False) -> list[Problem]:
    """Return what of an object, or of a patch of one, has another shape than its kind has."""
    if not patch and _fits(manifest):  # as nearly all do
        return []
    if problems := _unidentified(manifest):
        return problems
    kind = kind_of(manifest)
    return misshapen(manifest, shape_of(kind), reading=Reading(patch, kind in BUILTIN))


def _fits(manifest: Any) -> bool:
    """Tell whether an object has the shape of its kind, which includes that it has a name."""
    if not isinstance(manifest, dict):
        return False
    kind = manifest.get("kind")
    if not isinstance(kind, str) or not isinstance(manifest.get("apiVersion"), str):
        return False
    known = kind_of(manifest)
    return fits(manifest, shape_of(known), _BUILTIN if known in BUILTIN else _CUSTOM)


def _unidentified(manifest: Any) -> list[Problem]:
    """Return what a value lacks to be an object of some kind."""
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
