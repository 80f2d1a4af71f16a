"""How a component's manifests and the chart that they follow differ in what they mean."""
