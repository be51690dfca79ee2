"""Maps audit events to the sentences that the account's owner reads (AU-8). Pure; the page translates."""

from portal.words.refusals import N_

# Event to sentence. "event:detail" takes precedence if the event's reason, the reason's first word, factor, or result is that detail.
# For a method without codes, the factor is "key".
SENTENCES: dict[str, str] = {
    "authn_login_success": N_("You signed in with a verification code."),
    "authn_login_success:key": N_("You signed in with %(method)s."),
    "authn_login_success:password": N_("You signed in with your password."),
    "authn_login_success:code_due": N_("Your password was entered, and we asked you to confirm it's you."),
    "authn_login_success:reset_link": N_("You signed in with a reset link and your password."),
    "authn_login_success:recovery_link": N_("You signed in with a recovery link and your password."),
    "authn_login_success:backup_code": N_("You signed in with a backup code."),
    "authn_login_success:trusted_browser": N_("You signed in on a browser you trust, without a code."),
    "authn_login_fail": N_("A wrong verification code was entered at sign-in."),
    "authn_login_fail:key": N_("A wrong answer was given for %(method)s at sign-in."),
    "authn_login_fail:password": N_("A wrong password was entered at sign-in."),
    "authn_login_fail:backup_code": N_("A wrong backup code was entered at sign-in."),
    "authn_login_fail:reset_link_due": N_("Your password was entered without the link needed after a reset."),
    "authn_login_fail:reset_link": N_("A wrong password was entered with a reset link."),
    "authn_login_fail:recovery_link": N_("A wrong password was entered with a recovery link."),
    "authn_login_fail:throttled": N_("A code was refused at sign-in after too many wrong ones."),
    "authn_login_lock:backup_code": N_(
        "Many wrong backup codes were entered, so they were paused for a while where that happened."
    ),
    "authn_login_lock": N_("Too many wrong codes were entered, so codes were paused for a while."),
    "authn_login_lock:passwords": N_(
        "Too many wrong passwords were entered in browsers you haven't used, so passwords from there were paused."
    ),
    "new_browser_asked": N_("Your password and a right code were entered in a new browser, and we asked you to confirm it."),
    "new_browser_confirmed": N_("You confirmed a sign-in in a new browser."),
    "new_browser_confirmed:email": N_("You confirmed a sign-in in a new browser with the link in an email."),
    "new_browser_refused": N_("A sign-in in a new browser was not confirmed."),
    "new_browser_refused:not_me": N_("You stopped a sign-in in a new browser."),
    "new_browser_refused:wrong_number": N_("A wrong number was entered to confirm a sign-in in a new browser."),
    "new_browser_refused:other_network": N_(
        "A sign-in in a new browser was not confirmed, because it came from another network."
    ),
    "new_browsers_on": N_("You chose to confirm sign-ins in new browsers."),
    "new_browsers_off": N_("You chose that a code is enough in new browsers."),
    "account_created": N_("Your account was created."),
    "account_disabled": N_("Your account was turned off by whoever runs this portal."),
    "account_enabled": N_("Your account was turned on again by whoever runs this portal."),
    "reauthentication": N_("You confirmed that it's you."),
    "reauthentication:refused": N_("A wrong password or code was entered when we asked you to confirm it's you."),
    "authenticator_binding_begun": N_("You started setting up two-factor authentication."),
    "authenticator_binding_cancelled": N_("You canceled setting up two-factor authentication."),
    "authenticator_binding": N_("A wrong code was entered during two-factor authentication setup."),
    "authenticator_binding:key": N_("Setting up %(method)s was refused."),
    "authenticator_binding:throttled": N_("A code was refused during setup after too many wrong ones."),
    "authenticator_binding:phone": N_("A phone number we can't use was entered during two-factor authentication setup."),
    "authenticator_binding:number_shared": N_("A number that five accounts already use was entered during setup."),
    "authenticator_binding:send_gap": N_("A text was requested too soon after the last one during setup, so none was sent."),
    "authenticator_binding:send": N_("A text was requested during setup but not sent, because there were too many."),
    "authenticator_binding:texts_off": N_(
        "A text was requested during setup but not sent, because text messages are turned off."
    ),
    "authenticator_binding:set_up_expired": N_("Two-factor authentication setup took too long, so it ended."),
    "authenticator_added": N_("You added %(method)s."),
    "authenticator_replaced": N_("You changed %(method)s."),
    "authenticator_removed": N_("You removed %(method)s."),
    "authenticator_renamed": N_("You renamed a way to confirm it's you."),
    "code_sent": N_("A text with a code was sent to you."),
    "number_changed": N_("A code was not sent by text, because your number had recently moved to another SIM card or carrier."),
    "code_sent:texts_off": N_("A code was not sent by text, because text messages are turned off."),
    "code_sent:send_gap": N_("A text with a code was requested too soon after the last one, so none was sent."),
    "code_sent:send": N_("A text with a code was requested but not sent, because there were too many."),
    "code_sent:number_shared": N_("A text with a code was not sent, because too many accounts use your number."),
    "code_sent:unreadable": N_("A text with a code was not sent, because we could not read your number."),
    "code_sent:refused": N_("A text with a code was requested but not sent."),
    "authenticator_disabled:strangers": N_(
        "A hundred wrong codes were entered in browsers you hadn't signed in with before, so your codes were blocked there."
    ),
    "authenticator_disabled": N_("A hundred wrong codes were entered, so your codes were blocked."),
    "authenticator_unblock_asked": N_("You asked for an email to unblock your codes."),
    "authenticator_unblocked": N_("You unblocked your codes, so they work everywhere again."),
    "authenticator_suspended": N_(
        "A phone or device of yours was reported as lost, so your codes and other ways to confirm it's you stopped working."
    ),
    "authenticator_restore_asked": N_("You asked for an email to use what was reported as lost again."),
    "authenticator_restored": N_("What was on hold because a phone or device was reported as lost works again."),
    "authenticator_restored:refused": N_("A wrong password was entered to use what was reported as lost again."),
    "two_factor_off": N_("You turned off two-factor authentication."),
    "two_factor_off:refused": N_("A wrong password was entered to turn off two-factor authentication."),
    "two_factor_reset": N_("Your two-factor authentication was reset."),
    "two_factor_reset_asked": N_("Someone asked to reset your two-factor authentication. It's waiting for a second person."),
    "two_factor_reset_refused": N_("A reset of your two-factor authentication was refused, so nothing changed."),
    "two_factor_reset_refused:not_me": N_("You stopped a reset of your two-factor authentication, or its link."),
    "colleague_reset": N_("You reset someone's two-factor authentication."),
    "colleague_reset:waiting": N_("You asked to reset someone's two-factor authentication. It's waiting for a second person."),
    "colleague_reset:approved": N_("You approved a reset of someone's two-factor authentication."),
    "colleague_reset:refused": N_("You refused a reset of someone's two-factor authentication."),
    "reset_decided": N_("A reset you asked for was approved."),
    "reset_decided:refused": N_("A reset you asked for was refused."),
    "backup_codes_made": N_("You generated a set of backup codes."),
    "backup_codes_saved": N_("You confirmed that your backup codes are saved."),
    "sealed_copy_given": N_("You gave the sealed copy of your backup codes to your practice administrator."),
    "backup_code_used": N_("You used a backup code."),
    "secret_shown": N_("A code or a setup key stood in a message or a note, so it was refused."),
    "secret_shown:backup_code": N_("A backup code stood in a message or a note, so it no longer works."),
    "secret_shown:code": N_("A verification code stood in a message or a note, so it no longer works."),
    "secret_shown:key": N_("The setup key of your authenticator app stood in a message or a note. Change the app."),
    "secret_shown:set_up": N_("A setup key stood in a message or a note, so that setup ended."),
    "secret_shown:colleague": N_("You wrote someone's code or setup key in a message or a note, so it was refused."),
    "trusted_browser_added": N_("You chose to trust this browser."),
    "trusted_browser_removed": N_("You stopped trusting a browser."),
    "trusted_browser_removed:all": N_("You stopped trusting all browsers."),
    "trusted_browser_removed:phone_lost": N_(
        "A phone or device of yours was reported as lost, so no browser is trusted anymore."
    ),
    "trusted_browser_removed:two_factor_changed": N_("Your security settings changed, so no browser is trusted anymore."),
    "password_changed": N_("You changed your password."),
    "password_forgotten": N_("A link for a new password was requested."),
    "language_changed": N_("You changed your language."),
    "time_zone_changed": N_("You changed your time zone."),
    "name_changed": N_("You changed your name."),
    "phone_changed": N_("You changed your mobile phone number on file."),
    "email_asked": N_("You entered a new email address. It isn't confirmed yet."),
    "email_changed": N_("You changed your email address."),
    "notice_address_asked": N_("You entered a backup email address. It isn't confirmed yet."),
    "notice_address_added": N_("You confirmed a backup email address."),
    "notice_address_removed": N_("You removed a backup email address."),
    "recovery_proof:identity": N_("Support confirmed who you are, for a recovery of your account."),
    "recovery_support_asked": N_("Support was asked to check who you are, to recover your account."),
    "recovery_viewed": N_("Support looked at a request to recover your account."),
    "recovery_viewed:colleague": N_("You looked at someone's recovery request."),
    "recovery_taken": N_("Someone at support took on a request to recover your account."),
    "recovery_taken:colleague": N_("You took on someone's recovery request."),
    "recovery_checked": N_("Support recorded how it checked who you are, for a recovery of your account."),
    "recovery_checked:colleague": N_("You recorded how you checked who someone is."),
    "recovery_noted": N_("Support wrote a note about a request to recover your account."),
    "recovery_noted:colleague": N_("You wrote a note about someone's recovery request."),
    "recovery_more_asked": N_("Support asked for more before it decides on a recovery of your account."),
    "recovery_more_asked:colleague": N_("You asked someone for more before deciding on their recovery request."),
    "recovery_answered": N_("Support's question about a recovery of your account was answered."),
    "recovery_second_asked": N_("Support confirmed who you are. A second person decides on the recovery of your account."),
    "recovery_second_asked:colleague": N_("You approved someone's recovery request. It's waiting for a second person."),
    "recovery_checks_anew": N_("Support has to confirm again who you are, for a recovery of your account."),
    "recovery_approved": N_("Support approved a recovery of your account."),
    "recovery_approved:colleague": N_("You approved someone's recovery request."),
    "recovery_refused": N_("Support refused a recovery of your account."),
    "recovery_refused:colleague": N_("You refused someone's recovery request."),
    "emergency_asked": N_("You asked for emergency access to charts."),
    "emergency_asked:refused": N_("Emergency access was requested but couldn't be given."),
    "emergency_asked:colleague": N_("Someone at a practice asked for emergency access to charts."),
    "emergency_told": N_("We notified your practice administrators or our support team that you asked for emergency access."),
    "emergency_told:colleague": N_("You were notified of a request for emergency access."),
    "emergency_number_wrong": N_("A wrong number was entered to approve your emergency access."),
    "emergency_number_wrong:colleague": N_("You entered a wrong number to approve emergency access."),
    "emergency_approved": N_("Your emergency access was approved, for 60 minutes."),
    "emergency_approved:colleague": N_("You approved emergency access."),
    "emergency_refused": N_("Your request for emergency access was refused."),
    "emergency_refused:colleague": N_("You refused emergency access."),
    "emergency_refused:signed_in": N_("Your request for emergency access ended because you signed in with a code."),
    "emergency_refused:not_me": N_("A request for emergency access was withdrawn because it wasn't yours."),
    "emergency_refused:two_factor_reset": N_(
        "Your request for emergency access ended because your two-factor authentication was reset."
    ),
    "emergency_refused:recovery": N_("Your request for emergency access ended because your account was recovered."),
    "emergency_begun": N_("You started reading charts with emergency access."),
    "emergency_begun:colleague": N_("Someone started reading charts with emergency access you approved."),
    "emergency_chart_opened": N_("You opened a chart with emergency access."),
    "emergency_chart_opened:colleague": N_("A chart was opened with emergency access you approved."),
    "emergency_ended": N_("Your emergency access ended."),
    "emergency_ended:ended_now": N_("You ended your emergency access before its time was up."),
    "emergency_ended:colleague": N_("Emergency access you approved ended."),
    "emergency_reviewed": N_("Your emergency access was reviewed."),
    "emergency_reviewed:colleague": N_("Emergency access you approved or looked at was reviewed."),
    "recovery_asked": N_("Someone asked to recover your account, and we emailed you a code."),
    "recovery_asked:refused": N_("Someone asked to recover your account. Nothing was changed."),
    "recovery_confirmed": N_("The emailed code for recovering your account was entered."),
    "recovery_confirmed:refused": N_("A wrong code was entered to recover your account."),
    "recovery_stopped": N_("You stopped a request to get back into your account with a new phone."),
    "recovery_stopped:email": N_("A request to get back into your account with a new phone was stopped by the link in an email."),
    "recovery_stopped:requester": N_("A request to get back into your account with a new phone was canceled by whoever asked."),
    "recovery_proof": N_("A second proof was shown to recover your account."),
    "recovery_proof:password": N_("Your password was entered to recover your account."),
    "recovery_proof:text": N_("A code that we texted was entered to recover your account."),
    "recovery_proof:backup_code": N_("A backup code was used to recover your account."),
    "recovery_proof:wrong": N_("A wrong password or code was entered to recover your account."),
    "recovery_proof:throttled": N_("A password was refused in a recovery of your account after too many wrong ones."),
    "recovery_waiting": N_(
        "Your account can be recovered after 24 hours, unless it's stopped. We told all your addresses and numbers."
    ),
    "recovery_ready": N_("We emailed a link to set up your account again."),
    "recovery_set_up": N_("Your old ways to get codes ended, so that your account can be set up again."),
    "recovery_done": N_("Your account was recovered, and two-factor authentication is set up again."),
    "recovery_lapsed": N_("A recovery of your account took too long, so it ended."),
    "ticket_sent": N_("You sent a support ticket."),
    "ticket_replied": N_("You wrote in a support ticket."),
    "ticket_answered": N_("Support answered a ticket of yours."),
    "ticket_closed": N_("You closed a support ticket."),
    "ticket_closed:support": N_("Support closed a ticket of yours."),
    "person_searched": N_("A support agent looked up your account."),
    "person_searched:colleague": N_("You looked up someone's account."),
    "person_searched:refused": N_("You looked for someone's account and found none."),
    "set_up_reminder": N_("Your practice administrator reminded you to turn on two-factor authentication."),
    "set_up_put_off": N_("You postponed two-factor authentication setup at this sign-in."),
    "deadline_set": N_("You set the two-factor authentication deadline for your practice."),
    "deadline_removed": N_("You removed the two-factor authentication deadline for your practice."),
    "method_added": N_("You let people at your practice choose another verification method."),
    "method_withdrawn": N_("You stopped offering a verification method to people at your practice."),
    "auditor_folder_made": N_("You downloaded a folder for an auditor about your practice."),
    "team_list_exported": N_("You downloaded the security status of your practice."),
    "session_end": N_("Your sessions on other browsers were ended."),
    "session_end:signed_out": N_("You signed out."),
    "session_end:newer_sign_ins": N_("Your oldest session was ended because you signed in on several other browsers."),
    "session_end:two_factor_changed": N_("Your security settings changed, so your other sessions were ended."),
    "session_end:phone_lost": N_("A phone or device of yours was reported as lost, so your sessions were ended."),
    "session_end:password_changed": N_("Your password changed, so your other sessions were ended."),
    "session_end:ended_by_owner": N_("You ended a session on another browser."),
    "session_end:by_operator": N_("Your sessions were ended by whoever runs this portal."),
    "session_end:signed_in_again": N_("You signed in again, so this browser's earlier session was ended."),
}

# Events for security monitoring, which the account's owner could not act on.
HIDDEN = frozenset(
    {
        "accounts_imported",  # by the operator: about nobody in particular
        "audit_exported",  # about nobody
        "audit_retired",
        "audit_verified",
        "authz_fail",  # a request for a page that is not theirs
        "backup_codes_postponed",
        "chart_note_added",  # routine work, which would bury what this list is for
        "emergency_write_refused",  # nothing changed, and the page said so; it would bury which charts were opened
        "keys_rotated",  # by the operator, likewise
        "retention_run",  # by the operator, likewise
        "malicious_csrf",  # usually a form that was open too long
        "restore_drill",  # about nobody
        "rule_changed",  # beside the event that says what somebody did; or about nobody
        "sequence_fail",
        "session_renew",
        "session_use_after_expire",
        "ticket_taken",  # before an answer, which is told
        "team_list_opened",  # an administrator's routine work
    }
)

# Events that come with another one in the same request, which says what somebody did: shown below it.
FOLLOWERS = frozenset(
    {
        "authn_login_fail",
        "backup_code_used",
        "backup_codes_made",
        "emergency_told",
        "new_browser_confirmed",
        "session_end",
        "trusted_browser_added",
        "trusted_browser_removed",
    }
)
UNNAMED = N_("a way to get verification codes")  # the method of an event that names none, or one that no longer exists

SHOWN = frozenset(key.partition(":")[0] for key in SENTENCES)


def event_sentence(event: str, result: str, reason: str | None, factor: str | None) -> str:
    """The untranslated sentence for an event in SHOWN. It may have a place for the `method`."""
    for detail in (reason, (reason or "").partition("_")[0], factor, result):
        found = SENTENCES.get(f"{event}:{detail}")
        if found:
            return found
    return SENTENCES[event]
