"""Which components of the catalogue go together, and what only a user can say of them."""

from stackctl.model.catalogue.component import Component

# What nobody but the user can say where a feature is on.
TO_BE_SET = {
    ("mlflow", "external-database"): "databaseUri: 'postgresql://u:chosen-here@db.example.com/m'",
    ("model-registry", "external-database"): (
        "externalHost: db.example.com, externalPassword: chosen-here"
    ),
} | {
    (name, feature): said
    for name in (
        "argo-workflows",
        "ditto",
        "grafana",
        "mlflow",
        "model-registry",
        "prometheus",
        "spark-history-server",
    )
    for feature, said in (
        (
            "ingress",
            "ingressHost: page.example.com, ingressClass: nginx, ingressAnnotations: {asks: who}",
        ),
        ("ingress-policy", "ingressNamespace: edge"),
    )
}


def clash(one: Component, other: Component) -> bool:
    """Tell whether two components cannot be on one cluster."""
    return any(
        {*a.spec.conflicts}.intersection(b.spec.provides) for a, b in ((one, other), (other, one))
    )
