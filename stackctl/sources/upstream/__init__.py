"""What others keep: charts of Helm, kustomize folders, files of manifests; brought and rendered."""
