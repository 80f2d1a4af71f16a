"""The shape of metadata, of Pods and their templates, and of what imitates them.

What a whole object of a kind looks like is said by `kind_shapes`.
"""

from collections.abc import Mapping
from typing import Any

from stackctl.model.shapes.shapes import (
    ENTRIES,
    FLAG,
    MAP,
    NAME,
    QUANTITY,
    TEXT,
    TEXT_MAP,
    TEXTS,
    WHOLE,
    WHOLE_OR_TEXT,
    Shape,
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
    "labels": ENTRIES,
    "annotations": ENTRIES,
    "finalizers": TEXTS,
    "ownerReferences": [_OWNER],
}
METADATA: Mapping[str, Any] = {"name!": NAME, **_LABELLED}
INNER_METADATA: Shape = {"name": TEXT, **_LABELLED}

SELECTOR: Shape = {
    "matchLabels": TEXT_MAP,
    "matchExpressions": [{"key!": TEXT, "operator!": TEXT, "values": TEXTS}],
}
AMOUNTS: Shape = {"*": QUANTITY}
RESOURCES: Shape = {"limits": AMOUNTS, "requests": AMOUNTS, "claims": [{"name!": TEXT}]}

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
    "resources": RESOURCES,
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
# A kind that imitates a Pod may leave the rest to its operator.
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
    "labelSelector": SELECTOR,
    "namespaceSelector": SELECTOR,
    "namespaces": TEXTS,
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_POD_AFFINITY: Shape = {
    _REQUIRED: [_POD_TERM],
    _PREFERRED: [{"weight!": WHOLE, "podAffinityTerm!": _POD_TERM}],
}
POD: Mapping[str, Any] = {
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
            "labelSelector": SELECTOR,
        }
    ],
    "imagePullSecrets": [{"name": TEXT}],
    "hostAliases": [{"ip!": TEXT, "hostnames": TEXTS}],
    "serviceAccountName": TEXT,
    "serviceAccount": TEXT,
    "automountServiceAccountToken": FLAG,
    "priorityClassName": TEXT,
    "priority": WHOLE,
    "runtimeClassName": TEXT,
    "schedulerName": TEXT,
    "restartPolicy": TEXT,
    "dnsPolicy": TEXT,
    "dnsConfig": {"nameservers": TEXTS, "searches": TEXTS, "options": [MAP]},
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
TEMPLATE: Shape = {"metadata": INNER_METADATA, "spec!": POD}
LIKE_A_POD: Mapping[str, Any] = {
    **{key: value for key, value in POD.items() if "ontainers" not in key},
    "containers": [_PART_OF_CONTAINER],
    "initContainers": [_PART_OF_CONTAINER],
    "container": _PART_OF_CONTAINER,
}
