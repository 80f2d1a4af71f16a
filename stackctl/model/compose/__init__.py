"""From decided components to objects: the bundle."""
