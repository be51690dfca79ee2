"""The audit trail as evidence: its chain of seals, its anchors, its verification, its export, and its end by age (AU-4, AU-6, AU-7)."""
