"""What the console's scripts say, in the language of the page: a JSON object in the page, read by
static/console/words.js."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from server.web.languages import Language
from server.web.reader.inline_json import inline_json


@lru_cache(maxsize=64)
def console_words(language: Language) -> Markup:
    """JSON for a `<script type="application/json" data-words>`."""
    return inline_json(words(language))


def words(language: Language) -> dict[str, str | dict[str, str]]:
    """Each word by its name; a counted one, for `counted()`, for each plural category. Placeholders stay, for
    the script to fill in."""
    parts = (_tools, _media, _sending, _forms, _drafts)
    return {name: text for part in parts for name, text in part(language).items()}


def _tools(language: Language) -> dict[str, str]:
    _ = language.translations.gettext
    return {
        "toolbar": _("Formatting"),
        "text": _("Text"),
        "text_hint": _("Write, or type / for quotes, pictures and more"),
        "title_placeholder": _("Title (optional)"),
        "cite_hint": _("Who said it"),
        "slash": _("Insert"),
        "bold": _("Bold"),
        "italic": _("Italic"),
        "link": _("Link"),
        "heading": _("Heading"),
        "heading_hint": _("a subheading"),
        "list": _("List"),
        "list_hint": _("with bullets"),
        "numbers": _("Numbered list"),
        "numbers_hint": _("1, 2, 3"),
        "quote": _("Quote"),
        "quote_hint": _("words and who said them"),
        "picture": _("Picture"),
        "picture_hint": _("one, or several as a gallery"),
        "library": _("Library"),
        "library_hint": _("a picture that is here already"),
        "video": _("Video"),
        "video_hint": _("by its address"),
        "embed": _("Embed"),
        "embed_hint": _("a post or a page"),
        "table": _("Table"),
        "table_hint": _("rows and columns"),
        "rule": _("Line"),
        "rule_hint": _("across the text"),
        "link_address": _("Address of the link"),
        "link_apply": _("Apply"),
        "link_remove": _("Remove link"),
        "link_wrong": _("Needs an address, such as https://example.org"),
        "cancel": _("Cancel"),
    }


def _media(language: Language) -> dict[str, str]:
    _ = language.translations.gettext
    return {
        "image_n": _("Picture %(n)s"),
        "video_n": _("Video %(n)s"),
        "embed_n": _("Embed %(n)s"),
        "caption": _("Caption"),
        "credit": _("Credit"),
        "alt": _("Describe it"),
        "alt_needed": _("Needed before publishing, or mark as decorative"),
        "decorative": _("Decorative"),
        "sensitive": _("Distressing"),
        "warning": _("Words on the cover"),
        "focal": _("Focal point"),
        "focal_hint": _("Click on what has to stay in view where the picture is cropped"),
        "focal_across": _("From the left"),
        "focal_down": _("From the top"),
        "focal_clear": _("Middle"),
        "remove_picture": _("Remove picture"),
        "add_to_gallery": _("Add pictures"),
        "add_from_library": _("Add from the library"),
        "library_search": _("Alt text, caption, credit or file name"),
        "pictures_found": _("Pictures: %(n)s"),
        "no_pictures": _("No picture has these words."),
        "no_description": _("No description"),
        "older_pictures": _("Older pictures"),
        "uploading": _("Uploading %(name)s"),
        "upload_failed": _("The upload did not arrive. Try again."),
        "picture_again": _("The upload of %(name)s was interrupted. Remove it and choose the picture again."),
        "picture_failed": _("A picture did not arrive. Try again, or remove it."),
        "picture_uploading": _("A picture is still being uploaded. Publish when it is there."),
        "picture_alt_missing": _("Describe the picture, or mark it as decorative."),
        "address": _("Address"),
        "title": _("Title"),
        "remove_video": _("Remove video"),
        "remove_embed": _("Remove embed"),
        "link_gone": _("What was at this address is deleted or private. Readers get a link."),
        "kept": _("Text with formatting that this editor cannot change"),
        "remove": _("Remove"),
    }


def _sending(language: Language) -> dict[str, str]:
    _ = language.translations.gettext
    return {
        "outbox": _("Being sent"),
        "untitled": _("Update"),
        "state_sending": _("Sending"),
        "state_waiting": _("Waiting for a connection"),
        "state_log_in": _("Waiting for you to log in"),
        "state_failed": _("Not published"),
        "try_again": _("Try again"),
        "edit": _("Edit"),
        "editing": _("Editing an entry"),
        "discard": _("Discard"),
        "draft_elsewhere": _("You typed this in another browser at %(time)s and did not send it: %(words)s"),
        "draft_use": _("Go on with it"),
        "undo": _("Undo"),
        "stop": _("Stop"),
        "stopped": _("Stopped. The entry is a draft."),
        "goes_out_in": _("in %(seconds)s s"),
        "done_held": _("Goes out in a moment."),
        "undone": _("Retracted. Its text is in the editor again."),
        "undo_failed": _("This could not be undone. Retract the entry in the list."),
        "done_published": _("Published."),
        "done_scheduled": _("Scheduled."),
        "done_pending": _("Sent to the editors for approval."),
        "done_saved": _("Saved."),
        "done_retracted": _("Retracted."),
        "done_restored": _("Restored."),
        "done_draft": _("Draft saved. Readers do not see it."),
        "sent_before": _("An earlier version of this was already sent. Change that entry in the list."),
        "no_answer": _("The server did not answer. Try again."),
        "no_answer_kept": _("The server did not answer. What you typed is kept. Try again."),
        "nothing_written": _("Write something first."),
        "byline_line_wrong": _("“%(name)s” is none of the bylines."),
        "order_wrong": _("The order among pinned entries is a number from 0 to 99."),
        "time_wrong": _("The time to publish at needs a day and a time."),
        "time_skipped": _("This time does not exist: clocks go forward then. Choose another time."),
        "conflict": _("This entry was changed since you opened it"),
        "conflict_hint": _("Your version is in the editor. Saving replaces the saved version."),
        "saved_version": _("Saved version"),
        "take_theirs": _("Copy it into the editor"),
        "keep_theirs": _("Keep the saved version"),
        "was_retracted": _("This entry was retracted. What you typed is kept."),
    }


def _forms(language: Language) -> dict[str, str]:
    _ = language.translations.gettext
    return {
        "preview": _("Preview"),
        "keys_title": _("Keys"),
        "keys_on": _("Use single keys while nothing is being typed"),
        "key_next": _("next row"),
        "key_previous": _("previous row"),
        "key_edit": _("edit the row"),
        "key_publish": _("publish or approve the row"),
        "key_undo": _("undo publishing or retracting, while Undo is shown"),
        "key_editor": _("to the editor"),
        "key_search": _("search the list"),
        "key_help": _("this list"),
        "key_send": _("publish what stands in the editor, or schedule it where a time is set"),
        "key_insert": _("insert, in the editor"),
        "key_list": _("from the editor to the list"),
        "kbd_ctrl": _("Ctrl"),
        "kbd_send": _("Ctrl + Enter"),
        "kbd_escape": _("Esc"),
        "close": _("Close"),
        "connected": _("Connected"),
        "reconnecting": _("Reconnecting"),
        "is_editing": _("%(name)s is editing"),
        "held_by": _("%(name)s has this entry open. What you typed is kept."),
        "take_over": _("Take over"),
        "plain_form": _("Plain form"),
        "full_editor": _("Full editor"),
        "plain_form_needs": _(
            "The plain form cannot show the pictures and links in this text. Publish it or save it as a draft "
            "first."
        ),
        "session_ended": _("Your session has ended"),
        "session_kept": _("What you typed is kept. Log in to go on."),
        "user_name": _("User name"),
        "password": _("Password"),
        "log_in": _("Log in"),
        "log_in_elsewhere": _("Log in in another tab"),
        "logged_out": _("Your session has ended. What you typed is kept."),
        "later": _("Later"),
        "other_user": _("That is another account. This text is %(name)s’s."),
    }


def _drafts(language: Language) -> dict[str, str]:
    _ = language.translations.gettext
    return {
        "publish": _("Publish"),
        "schedule": _("Schedule"),
        "save_as_draft": _("Save as draft"),
        "not_done": _("This could not be done."),
        "not_done_look": _("This could not be done. Look at the entry and try again."),
        "no_answer_look": _("The server did not answer. Look at the entry and try again."),
        "restored": _("Restored what you typed at %(time)s. It was not sent."),
        "restored_changed": _("The saved version has changed since; saving shows both."),
        "restored_picture": _("Choose the picture “%(name)s” again."),
        "discard_draft": _("Discard draft"),
        "other_draft": _("There is another draft."),
        "use_draft": _("Use the draft of %(time)s: “%(words)s”"),
    }
