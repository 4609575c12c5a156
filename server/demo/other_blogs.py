"""Two more blogs of the demo, which stand still: one that has ended, with a summary and a link to what follows,
and one in Arabic, which is read from right to left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server.demo.cast import ADRESSA
from server.demo.steps import Picture, Post
from server.domain.blog import Related
from server.domain.byline import Byline

_ARABIC_DESK = (Byline("يونس فيري", place="سانابورت"), Byline("أميرة كاستل", place="جسر هالين"))


@dataclass(frozen=True, slots=True)
class StillBlog:
    """A blog whose entries are all there from the start; the last one was written `ago`, the others each a
    quarter of an hour earlier. `ending`: it is closed then, with these fields."""

    slug: str
    furniture: dict[str, Any]
    lead: Picture
    posts: tuple[Post, ...]
    ago: timedelta
    ending: dict[str, Any] | None = None


OTHERS = (
    StillBlog(
        "talks-in-adressa",
        {
            "headline": "Night of the talks: how the pause in the fighting was agreed",
            "standfirst": "Both delegations met in a school in Adressa at nine in the evening. At ten past two they had "
            "a text of one page.",
            "key_developments": ("Both sides have agreed to a pause of 72 hours", "The first lorries may leave today"),
            "bylines": ADRESSA,
            "status": "live",
        },
        Picture("night", "Drawing: lit windows of a long building at night.", "The school in Adressa at midnight."),
        (
            Post("start", "The delegations are in the building", "Eleven people on each side of a school corridor. "
                 "The coordinator goes from one room to the other.", bylines=ADRESSA, key=True),
            Post("break", "A break after two hours", "> We are not counting the hours. We are counting the lorries.\n"
                 "> — Ines Okafor-Lindt, UN humanitarian coordinator for Velmara", bylines=ADRESSA),
            Post("list", "What is still open", "1. Who looks into the lorries.\n2. Where.\n3. Who holds the list.",
                 bylines=ADRESSA),
            Post("seal", "A lead seal for each lorry", "The loads are to be looked into once, at the port, and then "
                 "sealed. Both sides would hold the list.", bylines=ADRESSA),
            Post("signed", "Signed at ten past two", "Both sides have signed a text of one page. The pause begins at "
                 "noon and lasts 72 hours.", bylines=ADRESSA, key=True, breaking=True),
        ),
        timedelta(hours=14),
        {
            "status": "closed",
            "closing_summary": (
                "After five hours both sides have signed: a **pause of 72 hours** from noon, one inspection at the "
                "port, a lead seal for each lorry.\n\n- The first convoy since the bridge was closed leaves today.\n"
                "- What happens after the 72 hours was left open."
            ),
            "successor": Related("The day after: the convoys", "https://news.example.org/convoys"),
        },
    ),
    StillBlog(
        "qawafil-al-ighatha",
        {
            "headline": "شاحنات المساعدات تستعد لعبور جسر هالين للمرة الأولى منذ ستة أسابيع",
            "standfirst": "اثنتان وأربعون شاحنة تحمل الغذاء والدواء والوقود إلى ثلاث بلدات في وادي تامسين خلال هدنة "
            "مدتها 72 ساعة.",
            "key_developments": (
                "الطرفان وافقا على هدنة إنسانية مدتها 72 ساعة", "مستشفى دورين لديه وقود حتى مساء الغد",
                "الأمطار قد تغلق الطريق إلى مارو العليا قبل الصباح",
            ),
            "bylines": _ARABIC_DESK, "language": "ar", "status": "live",
        },
        Picture("bridge", "رسم: جسر ذو أقواس فوق نهر بين التلال", "جسر هالين، على بعد 41 كيلومترًا من دورين.",
                credit="رسم: Stop Press"),
        (
            Post("list", "ما الذي تحمله الشاحنات", "| الحمولة | عدد الشاحنات |\n| --- | --- |\n| دقيق وأرز وزيت | 24 |\n"
                 "| أدوية وضمادات | 8 |\n| معالجة المياه | 4 |\n| وقود للمستشفى والمضخات | 6 |",
                 bylines=_ARABIC_DESK[:1]),
            Post("voice", "", "> لدينا التوقيعات ولدينا الشاحنات ولدينا الطريق. ما ليس لدينا هو الوقت.\n"
                 "> — إينس أوكافور، منسقة الشؤون الإنسانية", bylines=_ARABIC_DESK[:1]),
            Post("agreed", "الطرفان يتفقان على الهدنة", "وقّع الوفدان في أدريسا وثيقة من صفحة واحدة، بحسب مكتب منسقة "
                 "الأمم المتحدة. ويبدأ العمل بها ظهر اليوم.", bylines=_ARABIC_DESK[1:], key=True, breaking=True),
            Post("quay", "المحركات تعمل في الميناء", "بدأ السائقون فحص حمولاتهم منذ الثالثة فجرًا. وقال أحدهم: «لم أشأ أن "
                 "أكون الغائب الوحيد».", bylines=_ARABIC_DESK[:1],
                 more=(Picture("harbour", "رسم: رافعات وسفينة عند شروق الشمس", "الرصيف الشرقي في سانابورت.",
                               credit="رسم: Stop Press"),)),
        ),
        timedelta(hours=2),
    ),
)
