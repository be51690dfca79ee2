"""What the support console calls roles, and the states of a recovery and of a ticket."""

from portal.words.refusals import N_

ROLES = {
    "patient": N_("Patient"),
    "provider": N_("Provider"),
    "administrator": N_("Practice administrator"),
    "support": N_("Support agent"),
}
# State of a case: its badge, and the badge's tone.
STATES = {
    "proving": (N_("A second proof is due"), "none"),
    "waiting": (N_("24-hour wait"), "none"),
    "checking": (N_("Your turn"), "warn"),
    "answering": (N_("Their answer is due"), "none"),
    "deciding": (N_("A second person decides"), "warn"),
    "ready": (N_("Link sent"), "none"),
    "setting_up": (N_("Setting up"), "none"),
    "done": (N_("Done"), "good"),
    "stopped": (N_("Stopped"), "none"),
    "refused": (N_("Refused"), "none"),
    "lapsed": (N_("Expired"), "none"),
}
TICKET_STATES = {
    "open": (N_("Your turn"), "warn"),
    "answered": (N_("Answered"), "good"),
    "closed": (N_("Closed"), "none"),
}
