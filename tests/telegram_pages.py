"""Pages as Telegram's public preview writes them, about a city that there is not. Its structure, our words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape

NAME = "CityOfExample"
FIRST_DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)


def text(words: str) -> str:
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{words}</div>'


def photo(url: str, href: str = "https://t.me/CityOfExample/1") -> str:
    return (
        f'<a class="tgme_widget_message_photo_wrap 5161234567890 1201234567_4567890" href="{href}" '
        f"style=\"width:800px;background-image:url('{url}')\">"
        '<div class="tgme_widget_message_photo" style="padding-top:56.25%"></div></a>'
    )


def album(*urls: str) -> str:
    layers = "".join(
        f'<a class="tgme_widget_message_photo_wrap grouped_media_wrap blured js-message_photo" '
        f'style="left:0px;top:0px;width:226px;height:150px;background-image:url(\'{url}\')" data-ratio="1.5" '
        f'href="https://t.me/{NAME}/{n}?single"><div class="grouped_media_helper"></div></a>'
        for n, url in enumerate(urls, 1)
    )
    return (
        '<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap" data-margin-w="2">'
        f'<div class="tgme_widget_message_grouped js-message_grouped"><div class="tgme_widget_message_grouped_layer '
        f'js-message_grouped_layer" style="width:453px;height:302px">{layers}</div></div></div>'
    )


def video(thumb: str) -> str:
    return (
        f'<a class="tgme_widget_message_video_player js-message_video_player" href="https://t.me/{NAME}/1">'
        f'<i class="tgme_widget_message_video_thumb" style="background-image:url(\'{thumb}\')"></i>'
        '<div class="tgme_widget_message_video_wrap" style="width:1280px;padding-top:56.25%">'
        '<video src="https://cdn4.example/file/film.mp4?token=a" class="tgme_widget_message_video js-message_video" '
        'width="100%" height="100%"></video></div>'
        '<time class="message_video_duration js-message_video_duration">0:23</time></a>'
    )


def sticker() -> str:
    return (
        '<div class="tgme_widget_message_sticker_wrap media_supported_cont">'
        '<i class="tgme_widget_message_sticker js-sticker_image" style="background-image:url(\'//cdn.example/s.webp\');'
        'width:256px;" data-webp="//cdn.example/s.webp"></i></div>'
    )


def poll(question: str, *options: str) -> str:
    shown = "".join(
        '<div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_percent">47%</div>'
        '<div class="tgme_widget_message_poll_option_value">'
        f'<div class="tgme_widget_message_poll_option_text">{option}</div></div></div>'
        for option in options
    )
    return (
        f'<div class="tgme_widget_message_poll js-poll"><div class="tgme_widget_message_poll_question">{question}</div>'
        '<div class="tgme_widget_message_poll_type">Anonymous poll</div>'
        f'<a class="tgme_widget_message_poll_options" href="https://t.me/{NAME}/1">{shown}</a></div>'
    )


def file(title: str, size: str) -> str:
    return (
        f'<a class="tgme_widget_message_document_wrap" href="https://t.me/{NAME}/1">'
        '<div class="tgme_widget_message_document_icon accent_bg"></div><div class="tgme_widget_message_document">'
        f'<div class="tgme_widget_message_document_title accent_color" dir="auto">{title}</div>'
        f'<div class="tgme_widget_message_document_extra" dir="auto">{size}</div></div></a>'
    )


def preview(href: str, title: str, words: str, picture: str) -> str:
    return (
        f'<a class="tgme_widget_message_link_preview" href="{href}">'
        f'<i class="link_preview_right_image" style="background-image:url(\'{picture}\')"></i>'
        '<div class="link_preview_site_name accent_color" dir="auto">City of Example</div>'
        f'<div class="link_preview_title" dir="auto">{title}</div>'
        f'<div class="link_preview_description" dir="auto">{words}</div></a>'
    )


def forwarded(name: str, href: str | None, signature: str = "") -> str:
    named = f'<a class="tgme_widget_message_forwarded_from_name" href="{href}"><span dir="auto">{name}</span></a>'
    hidden = f'<span class="tgme_widget_message_forwarded_from_name" dir="auto">{name}</span>'
    signed = f'&nbsp;(<span class="tgme_widget_message_forwarded_from_author" dir="auto">{signature}</span>)'
    shown = (named if href else hidden) + (signed if signature else "")
    return f'<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;{shown}</div>'


def reply(href: str, author: str, words: str) -> str:
    return (
        f'<a class="tgme_widget_message_reply user-color-10" href="{href}">'
        '<i class="tgme_widget_message_reply_thumb" style="background-image:url(\'https://cdn.example/r.jpg\')"></i>'
        '<div class="tgme_widget_message_author accent_color">'
        f'<span class="tgme_widget_message_author_name" dir="auto">{author}</span></div>'
        f'<div class="tgme_widget_message_text js-message_reply_text" dir="auto">{words}</div></a>'
    )


def message(number: int, inside: str, *, signature: str = "", edited: bool = False, service: bool = False) -> str:
    at = FIRST_DAY + timedelta(hours=number)
    kind = "service_message " if service else ""
    signed = f'<span class="tgme_widget_message_from_author" dir="auto">{signature}</span>, ' if signature else ""
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        f'<div class="tgme_widget_message text_not_supported_wrap {kind}js-widget_message" data-post="{NAME}/{number}" '
        'data-view="eyJjIjotMTAwfQ">'
        f'<div class="tgme_widget_message_user"><a href="https://t.me/{NAME}"><i class="tgme_widget_message_user_photo '
        'bgcolor0" data-content="C"><img src="https://cdn4.example/file/avatar.jpg"></i></a></div>'
        '<div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author accent_color">'
        f'<a class="tgme_widget_message_owner_name" href="https://t.me/{NAME}"><span dir="auto">City of Example</span>'
        f"</a></div>{inside}"
        '<div class="tgme_widget_message_footer compact js-message_footer">'
        f'<div class="tgme_widget_message_info short js-message_info"><span class="tgme_widget_message_views">{number}.2K'
        f'</span><span class="copyonly"> views</span><span class="tgme_widget_message_meta">{signed}'
        f"{'edited &nbsp;' if edited else ''}"
        f'<a class="tgme_widget_message_date" href="https://t.me/{NAME}/{number}">'
        f'<time datetime="{at.isoformat()}" class="time">{at:%H:%M}</time></a></span></div></div></div></div></div>'
    )


def page(messages: Iterable[str], *, before: int | None = None) -> str:
    more = (
        '<div class="tgme_widget_message_centered js-messages_more_wrap">'
        f'<a href="/s/{NAME}?before={before}" class="tme_messages_more js-messages_more" data-before="{before}"></a></div>'
    )
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>City of Example – Telegram</title></head>'
        '<body class="widget_frame_base tgme_webpreview"><header class="tgme_header search_collapsed">'
        '<div class="tgme_channel_info"><div class="tgme_channel_info_header">'
        '<div class="tgme_channel_info_header_title"><span dir="auto">City of Example</span></div>'
        f'<div class="tgme_channel_info_header_username"><a href="https://t.me/{NAME}">@{NAME}</a></div></div></div>'
        '</header><main class="tgme_main"><section class="tgme_channel_history js-message_history">'
        f"{more if before else ''}{''.join(messages)}</section></main></body></html>"
    )


def nothing_found() -> str:
    nothing = '<div class="tme_no_messages_found">No posts found</div>'
    centered = f'<div class="tgme_widget_message_centered">{nothing}</div>'
    return page([f'<div class="tgme_widget_message_wrap js-widget_message_wrap">{centered}</div>'])


def without_preview(extra: str = "12 members") -> str:
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Telegram: Contact</title></head><body>'
        '<div class="tgme_page_wrap"><div class="tgme_page"><div class="tgme_page_title"><span dir="auto">City</span></div>'
        f'<div class="tgme_page_extra">{escape(extra)}</div><div class="tgme_page_action">'
        f'<a class="tgme_action_button_new" href="tg://resolve?domain={NAME}">View in Telegram</a></div></div></div></body>'
    )
