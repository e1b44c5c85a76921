"""Write the sample report `documents/visits-to-pyongyang.pdf`; the same bytes every time."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

TARGET = Path(__file__).parent / "documents" / "visits-to-pyongyang.pdf"
TITLE = "Russian envoys in Pyongyang: Sergei Shoigu's visits, 2023 to 2025"
RUNNING_HEADER = "Baltic Desk for Asian Affairs · Background paper 14 · April 2025"

SUMMARY = [
    "This paper lists the three journeys to North Korea that Sergei Shoigu is publicly known to have made "
    "between July 2023 and March 2025, and says in which office he made each of them. It draws on what both "
    "governments and their news agencies announced; talks that were never announced are not counted.",
    "The explanation is a change of office. Shoigu was Russia's Minister of Defence from November 2012 until "
    "May 2024. On 12 May 2024 President Vladimir Putin appointed him Secretary of the Security Council, in "
    "place of Nikolai Patrushev. Andrei Belousov, an economist, took over the Ministry of Defence.",
    "All dates are local. Where governments have given different accounts of a conversation, the paper says "
    "so and does not choose between them.",
]
VISITS = [
    (
        "First visit: July 2023",
        "Shoigu, then Minister of Defence, led a military delegation that reached Pyongyang on 25 July 2023 "
        "and stayed for the seventieth anniversary of the armistice. He met Kim Jong Un on 26 July and was "
        "shown an arms exhibition on the same day. Two months later, in September 2023, Kim travelled to the "
        "Russian Far East by train and met President Putin at the Vostochny space centre.",
    ),
    (
        "Second visit: September 2024",
        "On 13 September 2024 Shoigu returned, now as Secretary of the Security Council. He was received by "
        "Kim Jong Un. The call took place three months after the two countries had signed their Comprehensive "
        "Strategic Partnership Treaty in Pyongyang on 19 June 2024. From there "
        "he went on to other capitals; his office described the stop as part of a regular dialogue.",
    ),
    (
        "Third visit: March 2025",
        "Shoigu spent 21 March 2025, a Friday, in the North Korean capital, again as Secretary of the Security "
        "Council. His talk with Kim Jong Un lasted more than two hours. According to Russian agencies the two "
        "spoke about Ukraine, the Korean peninsula and how the treaty is being carried out.",
    ),
]
TABLE = [
    ["Date of the meeting", "Office held by Shoigu", "Occasion"],
    ["26 July 2023", "Minister of Defence", "Armistice anniversary"],
    ["13 September 2024", "Secretary of the Security Council", "Bilateral dialogue"],
    ["21 March 2025", "Secretary of the Security Council", "Message from President Putin"],
]
CLOSING = [
    "Two patterns stand out. The visits come closer together: fourteen months lie between the first and the "
    "second, six between the second and the third. And the envoy has remained the same although his office "
    "has not, which suggests that he is sent for his acquaintance with the North Korean leader at least as "
    "much as for his rank.",
    "What the paper cannot show is what was agreed. None of the three meetings ended with a published "
    "document. Reports about deliveries of ammunition rest on the statements of third governments and on "
    "satellite images, and both Moscow and Pyongyang have rejected them.",
]


def main() -> None:
    """Lay the report out and save it."""
    report = SimpleDocTemplate(
        str(TARGET),
        pagesize=A4,
        topMargin=3 * cm,
        title=TITLE,
        author="Baltic Desk for Asian Affairs",
        invariant=1,
    )
    report.build(_story(), onFirstPage=_decorate, onLaterPages=_decorate)


def _story() -> list[Paragraph | Spacer | PageBreak | Table]:
    styles = getSampleStyleSheet()
    body, heading = styles["BodyText"], styles["Heading2"]
    story = [Paragraph(TITLE, styles["Title"]), Paragraph("Summary", heading)]
    story += [Paragraph(text, body) for text in SUMMARY]
    story += [PageBreak(), Paragraph("The visits", styles["Heading1"])]
    for name, text in VISITS:
        story += [Paragraph(name, heading), Paragraph(text, body)]
    story += [PageBreak(), Paragraph("Overview", heading), Table(TABLE, hAlign="LEFT")]
    story += [Spacer(1, 0.5 * cm), Paragraph("What can be concluded", heading)]
    story += [Paragraph(text, body) for text in CLOSING]
    return story


def _decorate(canvas: Canvas, report: SimpleDocTemplate) -> None:
    """Draw the running header and the page's label: the cover is page i, and page 1 follows it."""
    if report.page == 1:
        canvas.addPageLabel(0, style="ROMAN_LOWER")
        canvas.addPageLabel(1, style="ARABIC")
    canvas.setFont("Helvetica", 8)
    canvas.drawString(2.5 * cm, A4[1] - 1.8 * cm, RUNNING_HEADER)
    canvas.drawRightString(
        A4[0] - 2.5 * cm, 1.5 * cm, "i" if report.page == 1 else str(report.page - 1)
    )


if __name__ == "__main__":
    main()
