"""How what there is to deploy looks: profiles and components."""
