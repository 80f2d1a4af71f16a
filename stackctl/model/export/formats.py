"""For whom an export can be written; what is in one is `exported`'s part."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """Who is to apply an export."""

    PLAIN = "plain"
    KUSTOMIZE = "kustomize"
    HELM = "helm"
    ARGOCD = "argocd"
    FLUX = "flux"
