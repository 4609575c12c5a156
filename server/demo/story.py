"""The demo's story: a breaking-news live blog about an invented country, told in steps.

Velmara, its towns, its people and their words are made up; so are the addresses, which belong to domains
that are reserved for examples. Nothing here was taken from a real report.
"""

from __future__ import annotations

from server.demo.cast import ADRESSA, BRIDGE, DORRIN, SANNAPORT
from server.demo.steps import Edit, Film, Furnish, Gallery, Link, Picture, Post, Restore, Retract, Step
from server.domain.byline import Byline

STEPS: tuple[Step, ...] = (
    Post(
        "what-we-know", "What we know so far",
        "- The UN says it will **resume aid convoys** to the Tamsin valley today.\n"
        "- The pause in the fighting is to last 72 hours and can be extended.\n"
        "- The road over the Hallin Bridge has been checked for mines, but only one lane is open.\n"
        "- Fuel for the hospital in Dorrin is said to last until tomorrow night.",
        bylines=ADRESSA, pinned=True,
    ),
    Post(
        "announcement", "UN to resume aid convoys",
        "The United Nations will send lorries into the Tamsin valley today, for the first time in six weeks, "
        "its humanitarian coordinator in Velmara has said.\n\nInes Okafor-Lindt told reporters in Adressa that "
        "she had received written assurances from both sides shortly after midnight.",
        bylines=ADRESSA, key=True, breaking=True,
    ),
    Post(
        "coordinator", "",
        "> We have the signatures, we have the lorries and we have the road. What we do not have is time.\n"
        "> — Ines Okafor-Lindt, UN humanitarian coordinator for Velmara",
        bylines=ADRESSA,
    ),
    Post(
        "harbour", "Engines running at the port",
        "I am at the eastern quay, where drivers have been checking their loads since three in the morning. "
        "Some of them have slept in their cabs for a week. “I did not want to be the one who was not here,” "
        "one of them told me.",
        bylines=SANNAPORT,
        more=(
            Picture(
                "harbour",
                "Silhouettes of harbour cranes and a cargo ship in front of an orange morning sky.",
                "The eastern quay of Sannaport at first light.",
            ),
        ),
    ),
    Post(
        "cargo", "What is on the lorries",
        "The loading list, as far as we have seen it:\n\n"
        "| load | lorries |\n| --- | --- |\n| flour, rice and cooking oil | 24 |\n| medicine and dressings | 8 |\n"
        "| water treatment | 4 |\n| diesel for the hospital and the pumps | 6 |\n\n"
        "The list is signed by port officials and by the UN.",
        bylines=SANNAPORT,
    ),
    Post(
        "loading", "The loading, in pictures",
        "What fills forty-two lorries, seen between four and six in the morning.",
        bylines=SANNAPORT,
        more=(
            Gallery(
                (
                    Picture("sacks", "Drawing: sacks piled to the roof of a lorry", "Flour, twenty tonnes to a lorry."),
                    Picture("gate", "Drawing: a closed barrier, lamps and people waiting", "The eastern gate at five."),
                    Picture("harbour", "Drawing: cranes and a ship at sunrise", "The ship that brought the diesel."),
                    Picture("bridge", "Drawing: an arched bridge between hills", "Where they are going first."),
                )
            ),
        ),
    ),
    Post(
        "map", "Map: the road the convoy takes",
        "It is 118 kilometres from the quay to Dorrin. In ordinary times that is a drive of two and a half "
        "hours. Today the organisers reckon with nine.",
        bylines=(Byline("Graphics desk"),),
        more=(
            Picture(
                "route",
                "Schematic map: a road leads from Sannaport on the coast over the Hallin Bridge to Dorrin, "
                "Ashkeel and Upper Maro in the hills.",
                "The only paved road into the valley crosses the river at Hallin.",
            ),
        ),
    ),
    Furnish(
        {
            "key_developments": (
                "The UN says both sides have agreed to a 72-hour humanitarian pause",
                "Forty-two lorries stand ready at Sannaport; the list of loads is signed",
                "The hospital in Dorrin has fuel until tomorrow night",
            )
        }
    ),
    Post(
        "hospital", "Hospital has fuel “until tomorrow night”",
        "The generator of the hospital in Dorrin runs for six hours a day now. Dr Mirela Anand, its director, "
        "says operations are done between four and ten in the morning, and by torchlight when they must.\n\n"
        "> People ask me what I need. I need the lights to stay on.\n> — Dr Mirela Anand, over a crackling line",
        bylines=ADRESSA,
    ),
    Post("departure-time", "Departure set for 08:00", "The convoy is to leave at eight, the port says.", bylines=SANNAPORT),
    Edit(
        "departure-time",
        {"title": "Departure set for 08:30", "body": "The convoy is to leave at half past eight, the port says."},
        correction="We said eight. The scales at the gate take longer than planned.",
    ),
    Post(
        "house", "What the fighting has left of the road",
        "The house of the toll keeper stands four kilometres before the bridge. Its owner asks us to show it.",
        bylines=BRIDGE,
        more=(
            Picture(
                "ruin", "Drawing: a house whose front has fallen, its rooms open to the evening sky.",
                "The toll house on the valley road.",
                warning="This picture shows a house that was destroyed in the fighting.",
            ),
        ),
    ),
    Post(
        "minister", "Minister: nobody will be stopped",
        "Teodor Vash, the minister of the interior, has repeated on the radio that soldiers at the "
        "checkpoints have orders to wave the lorries through. He said the cargo had been “inspected enough”.",
        bylines=ADRESSA,
    ),
    Post(
        "rolling", "The first lorries are moving",
        "They are moving. The gate opened a minute ago and the first white lorry rolled out to applause from "
        "the dockers, followed by another, and another.",
        bylines=SANNAPORT, key=True, breaking=True,
    ),
    Post(
        "film", "Watch: the gate opens",
        "", bylines=SANNAPORT,
        more=(
            Film(
                "https://video.example.org/watch/sannaport-gate", "The convoy leaves Sannaport", "Jonas Ferre",
                "One minute from the eastern gate.", "convoy",
            ),
        ),
    ),
    Furnish(
        {
            "headline": "UN aid convoy on its way to the Tamsin valley",
            "standfirst": (
                "Forty-two lorries have left the port of Sannaport for three towns that have had no delivery in "
                "six weeks. They are expected at the Hallin Bridge around noon."
            ),
        }
    ),
    Edit(
        "what-we-know",
        {
            "body": "- **The convoy has left Sannaport**: 42 lorries with food, medicine and fuel.\n"
            "- It is expected at the Hallin Bridge around noon and in Dorrin before dark.\n"
            "- The pause in the fighting is to last 72 hours and can be extended.\n"
            "- Fuel for the hospital in Dorrin is said to last until tomorrow night."
        },
    ),
    Post(
        "shots", "Reports of shots near the bridge",
        "Two residents tell us that they heard shots near the Hallin Bridge. We are trying to confirm this.",
        bylines=BRIDGE, breaking=True,
    ),
    Post(
        "drivers", "",
        "A driver leans out and shouts her name and the name of her town so that we write it down: "
        "“Sorana. From Upper Maro. I am going home.”",
        bylines=SANNAPORT,
    ),
    Retract("shots"),
    Post(
        "shots-wrong", "No shots at the bridge",
        "We have taken back an earlier entry about shots near the Hallin Bridge. What people heard was "
        "blasting at the quarry, the engineers on the spot say, and both residents now agree. We were too quick.",
        bylines=BRIDGE,
    ),
    Post(
        "pledge", "Three countries pledge money",
        "Norwald, Estoria and the Lakes Union have promised a total of 64 million dollars for the next three "
        "months, a little more than half of what the UN has asked for.",
        bylines=ADRESSA,
    ),
    Post(
        "social", "The town hall of Ashkeel posts a first picture",
        "", bylines=(Byline("Social desk"),),
        more=(
            Link(
                "https://social.example.org/@ashkeel/1142", "“The bakery is sweeping its floor.”",
                author="Town of Ashkeel", picture="kitchen",
                description="Bring bowls and patience. Six school kitchens open at five.",
            ),
        ),
    ),
    Post(
        "cinema", "A cinema at the eastern quay",
        "While they wait for their turn at the scales, drivers have hung a sheet between two cranes. The children "
        "of the port choose the film, and they choose the one with the rabbit, again.",
        bylines=SANNAPORT,
        more=(
            Film(
                "https://www.youtube.com/watch?v=aqz-KE-bpKQ", "Big Buck Bunny", "Blender Foundation (CC BY)",
                "", "cinema",
            ),
        ),
    ),
    Post(
        "statement", "In full: the statement of both sides",
        "> The parties will refrain from any hostile act along the road from Sannaport to Dorrin, and for five "
        "kilometres on either side of it, for seventy-two hours from noon. Vehicles that carry the emblem will "
        "not be searched after they have been sealed.\n> — Joint statement, Adressa",
        bylines=ADRESSA,
    ),
    Retract("pledge"),
    Restore("pledge"),
    Edit(
        "pledge",
        {
            "title": "Three countries pledge 64 million crowns",
            "body": "Norwald, Estoria and the Lakes Union have promised a total of 64 million crowns for the "
            "next three months, a little more than half of what the UN has asked for.",
        },
        correction="We had given the sum in dollars. We took this update down while we checked it.",
    ),
    Post(
        "bridge", "At the bridge",
        "One lane, four engineers, a dog. The soldiers on this side have taken off their helmets. On the other "
        "side somebody has hung a bed sheet from a lamp post with one word on it: *Welcome*.",
        bylines=BRIDGE,
        more=(
            Picture(
                "bridge",
                "Silhouette of an arched bridge over a river between dark hills under a pale sky.",
                "The Hallin Bridge, 41 kilometres from Dorrin. One of its two lanes is open.",
            ),
        ),
    ),
    Post(
        "numbers", "The valley in numbers",
        "1. **86,000** people live in the three towns, a third of them younger than fifteen.\n"
        "2. **43** days have passed since the last delivery.\n"
        "3. **11** bakeries could bake again if they had flour tonight.\n"
        "4. **1** bridge.",
        bylines=(Byline("Data desk"),),
    ),
    Post(
        "crossed", "The convoy is over the bridge",
        "The first lorry crossed at walking pace. It took fifty-one minutes until the last one was on the "
        "other side. Nobody spoke; then everybody did.",
        bylines=BRIDGE, key=True, breaking=True,
    ),
    Furnish(
        {
            "headline": "UN aid convoy crosses the Hallin Bridge",
            "key_developments": (
                "All 42 lorries have crossed the Hallin Bridge",
                "The first are expected in Dorrin before dark",
                "Three countries have pledged 64 million crowns",
            ),
        }
    ),
    Edit("announcement", {"breaking": False}),
    Post(
        "engineer", "",
        "> I have inspected this bridge for nineteen years. I have never held its railing before.\n"
        "> — Pavel Oss, engineer of the road authority",
        bylines=BRIDGE,
    ),
    Post(
        "puncture", "A flat tyre, and a queue of helpers",
        "The ninth lorry has stopped with a flat tyre outside the village of Little Hallin. There are now "
        "more people changing the wheel than a wheel has bolts.",
        bylines=BRIDGE,
    ),
    Post(
        "schools", "Schools stay open late as kitchens",
        "The education office in Dorrin says that six schools will stay open tonight to cook. It asks people "
        "to bring their own bowls, and to let the old ones go first.",
        bylines=ADRESSA,
    ),
    Post(
        "weather", "Rain is coming",
        "The weather service expects heavy rain in the hills after nine in the evening. The unpaved stretch "
        "to Upper Maro may then be closed to lorries until morning.",
        bylines=(Byline("Weather desk"),),
    ),
    Post(
        "analysis", "Analysis: why it worked this time",
        "Five earlier attempts failed over one question: who looks into the lorries, and where. The answer of "
        "this sixth one is a lead seal and a list that both sides hold. It is a small technical thing, and "
        "that may be its strength.\n\nWhat it does not settle is what happens *after* the 72 hours. Nobody "
        "whom we asked today would speak about Thursday.",
        bylines=ADRESSA,
    ),
    Post(
        "sighted", "Headlights seen from Dorrin",
        "“We see headlights,” says Dr Anand on the telephone. Then she puts the receiver out of the window. "
        "It is the sound of a town on its balconies.",
        bylines=ADRESSA,
    ),
    Post(
        "arrived", "First lorries reach Dorrin",
        "The first eight lorries have stopped in front of the hospital in Dorrin. Diesel is being pumped. "
        "It is the first delivery in 43 days.",
        bylines=DORRIN, key=True, breaking=True,
    ),
    Furnish(
        {
            "headline": "UN aid convoy reaches Dorrin, the first in 43 days",
            "standfirst": (
                "The first of 42 lorries have arrived at the hospital. The others are to go on to Ashkeel and "
                "Upper Maro before the rain."
            ),
            "key_developments": (
                "The first eight lorries have reached the hospital in Dorrin",
                "The rest go on to Ashkeel and Upper Maro; heavy rain is expected after nine",
                "The pause in the fighting ends in 68 hours unless it is extended",
            ),
        },
        lead=Film(
            "https://video.example.org/watch/dorrin-arrival", "The first lorries reach Dorrin", "Amira Castell",
            "Two minutes in front of the hospital.", "night",
        ),
    ),
    Edit(
        "what-we-know",
        {
            "body": "- **The convoy has reached Dorrin**, the first delivery in 43 days.\n"
            "- The other lorries go on to Ashkeel and Upper Maro tonight.\n"
            "- Heavy rain is expected after nine and may close the last stretch until morning.\n"
            "- The pause ends in 68 hours unless both sides extend it."
        },
    ),
    Post(
        "lights", "The lights are on",
        "The windows of the hospital are lit, all of them, for the first time since the autumn.",
        bylines=DORRIN,
        more=(
            Picture(
                "night",
                "Lit windows of a long building and small houses on a dark hillside under stars.",
                "Dorrin, shortly after seven in the evening.",
            ),
        ),
    ),
    Post(
        "thanks", "",
        "> Tonight I shall operate with the curtains open.\n> — Dr Mirela Anand, hospital director",
        bylines=DORRIN, key=True,
    ),
    Post(
        "summary", "That was the day",
        "- All 42 lorries crossed the Hallin Bridge; 31 have been unloaded.\n"
        "- The hospital in Dorrin has fuel for nineteen days.\n"
        "- The road to Upper Maro is closed by rain; eleven lorries wait in Ashkeel.\n\n"
        "Thank you for reading. We start again with the first reports of the next day in a moment.",
        bylines=ADRESSA,
    ),
)
