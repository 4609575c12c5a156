"""What editors paste: the source that programs put on the clipboard, written by hand after theirs, and the
words that a reader must see, in order, with `/` where one paragraph, line or item ends."""

from __future__ import annotations

WORD_LIST = """
<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word"><head>
<meta name=Generator content="Microsoft Word 15"><title>Draft statement</title>
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {margin:0cm;} @page WordSection1 {size:595.3pt 841.9pt;} --></style></head>
<body lang=EN-GB><div class=WordSection1>
<p class=MsoNormal><b><span style='font-size:14.0pt'>Statement</span></b><o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if
!supportLists]><span style='mso-list:Ignore'>4.<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;
</span></span><![endif]>The bridge is closed<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='mso-list:Ignore'>5.<span>&nbsp;&nbsp;&nbsp; </span></span><![endif]>Article 5(c) applies; &#8220;no
exceptions&#8221;<o:p></o:p></p></div></body></html>
"""


def word_item(level: int, marker: str, words: str, font: str = "Calibri") -> str:
    return (
        "<p class=MsoListParagraphCxSpMiddle "
        f"style='margin-left:{level * 36}.0pt;mso-list:l1 level{level} lfo2'>"
        f"<![if !supportLists]><span style='font-family:{font};mso-list:Ignore'>{marker}<span "
        f"style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp; </span></span><![endif]>"
        f"<b>{words}</b><o:p></o:p></p>\n"
    )


WORD_LEVELS = (
    word_item(1, "1)", "Roads") + word_item(2, "a.", "A1") + word_item(2, "b.", "A2")
    + word_item(3, "&middot;", "north", "Symbol") + word_item(3, "o", "south", '"Courier New"')
    + word_item(1, "2)", "Rail") + word_item(1, "5)", "Ferries")
)
WORD_NUMBERS = (
    word_item(1, "1.2.", "Scope") + word_item(1, "(a)", "Text") + word_item(1, "٣.", "Three")
    + word_item(1, "一、", "One") + word_item(1, "A", "Annex") + word_item(1, "01.", "First")
    + word_item(1, "iv.", "Roman") + word_item(1, "v.", "five") + "<p class=MsoNormal>Words</p>"
    + word_item(1, "h.", "Letter") + word_item(1, "i.", "after it")
)
WORD_CHANGES = (
    "<p class=MsoNormal>At least <del cite='mailto:ada' datetime='2026-03-01T10:00'>nine</del><ins "
    "cite='mailto:ada'>"
    "eleven</ins> people<span class=MsoCommentReference><!--[if !supportAnnotations]--><a "
    "href='#_msocom_1'>[AE1]</a>"
    "<!--[endif]--></span> are missing.</p>"
)
WORD_TABLE = (
    "<table class=MsoTableGrid border=1 style='border-collapse:collapse'><colgroup><col "
    "width=100></colgroup><tr>"
    "<td colspan=2 style='width:200pt'><p class=MsoNormal>Region North</p></td></tr><tr><td><p>Votes</p></td>"
    "<td align=right><p>1,204</p></td></tr></table>"
)
POWERPOINT = (
    "<div style='mso-line-spacing:\"90 50 0\"'><span style='font-family:Arial'>•</span><span>\tFlood "
    "warnings</span>"
    "</div><div><span>•</span><span>\tRoads A1\x0band A2</span></div>"
)
OUTLOOK = (
    "<div class=WordSection1><p class=MsoNormal>Please use this:<o:p></o:p></p><div style='border-top:solid "
    "#E1E1E1'>"
    "<p class=MsoNormal><b>From:</b> Press office &lt;press@ministry.test&gt;<br><b>Sent:</b> Monday</p></div>"
    "<blockquote type=cite><font color=navy size=2>The minister resigns.</font></blockquote></div>"
)
WEB_PAGE = (
    "<meta charset='utf-8'><article class=story><header><h1>Ferry aground</h1><h5>By "
    "Ada</h5></header><section><div>"
    "<span style='white-space:pre-wrap'>All 214 aboard are </span><strong>safe</strong>.</div><div>More "
    "soon.</div>"
    "<figure><img src='https://news.test/ferry.jpg' alt='The ferry on the rocks'><figcaption>Photo: "
    "AFP</figcaption>"
    "</figure><ol start=3><li>Third<li "
    "value=9>Ninth</ol><script>track()</script><noscript>x</noscript></section>"
    "</article>"
)
GOOGLE_DOCS = (
    "<meta charset='utf-8'><b style='font-weight:normal' id='docs-internal-guid-1'><p dir='ltr'><span>First "
    "line"
    "</span></p><br><ul><li dir='ltr'><p dir='ltr' role='presentation'><span>Item one</span></p></li></ul></b>"
)
SPREADSHEET = "<tr height=20><td>Party</td><td>Seats</td></tr><tr><td>A</td><td>12</td></tr>"

HTML: dict[str, tuple[str, str]] = {
    "Word, a numbered list": (
        WORD_LIST, "Statement / The bridge is closed / Article 5(c) applies; “no exceptions”"
    ),
    "Word, lists in a list": (WORD_LEVELS, "Roads / A1 / A2 / north / south / Rail / Ferries"),
    "Word, numbers that no list shows": (
        WORD_NUMBERS,
        "1.2. Scope / (a) Text / ٣. Three / 一、 One / A Annex / 01. First / Roman / five / Words / Letter / "
        "after it",
    ),
    "Word, tracked changes": (WORD_CHANGES, "At least nineeleven people[AE1] are missing."),
    "Word, a table": (WORD_TABLE, "Region North / Votes / 1,204"),
    "PowerPoint": (POWERPOINT, "• Flood warnings / • Roads A1 and A2"),
    "Outlook": (
        OUTLOOK,
        "Please use this: / From: Press office <press@ministry.test> / Sent: Monday / The minister resigns.",
    ),
    "a web page": (
        WEB_PAGE,
        "Ferry aground / By Ada / All 214 aboard are safe. / More soon. / The ferry on the rocks / "
        "Photo: AFP / Third / Ninth",
    ),
    "Google Docs": (GOOGLE_DOCS, "First line / Item one"),
    "a spreadsheet's rows": (SPREADSHEET, "Party / Seats / A / 12"),
}

TEXT: dict[str, tuple[str, str]] = {
    "Word, as text": (
        "\ufeff1.\tThe bridge is closed\r\n2.\tArticle 5(c) applies\r\n\r\n\x93No exceptions\x94 \x96 not "
        "one\x85",
        "The bridge is closed / Article 5(c) applies / “No exceptions” – not one…",
    ),
    "PowerPoint, as text": ("•\tFlood\x0bwarnings\r•\tRoads", "• Flood / warnings / • Roads"),
    "a mail": (
        "On Mon, Ada <ada@paper.test> wrote:\n> The minister\n> resigns.\n\n-- \nPress office\n[1] "
        "https://min.test/a",
        "On Mon, Ada <ada@paper.test> wrote: / The minister / resigns. / -- / Press office / [1] "
        "https://min.test/a",
    ),
    "a poem": ("  O rose,\n    thou art sick!\n\n\tThe worm", "O rose, / thou art sick! / The worm"),
    "program text": (
        "if a < b && c > d: x = List<String>()\nC:\\path\\new \\\\server\\share\n# not "
        "**closed\nsnake_case_name s**t f**k",
        "if a < b && c > d: x = List<String>() / C:\\path\\new \\\\server\\share / not **closed / "
        "snake_case_name s**t f**k",
    ),
    "figures": (
        "1986. A great year\n+ 3 % and +-3; ????? (c) (tm) 2*3*4=24 #hashtag",
        "1986. A great year / + 3 % and +-3; ????? (c) (tm) 2*3*4=24 #hashtag",
    ),
    "a table that does not fit": ("a|b\n-|-\n1|2|3", "a|b / -|- / 1|2|3"),
    "tags that are words": (
        "Use <script> and <b>, then </div>\n<p> begins", "Use <script> and <b>, then </div> / <p> begins"
    ),
    "footnotes and tasks": (
        "Fact[^1]\n\n[^1]: Source\n\n- [ ] call\n- [x] write",
        "Fact[^1] / [^1]: Source / [ ] call / [x] write",
    ),
    "entities": ("AT&T &amp; R&D; &nbsp; &lt;b&gt;", "AT&T & R&D; <b>"),
    "invisible characters": ("co\u00adoperate\u200b now\u2060\ufeff", "co\u00adoperate\u200b now\u2060"),
}
