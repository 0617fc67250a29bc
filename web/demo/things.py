"""Things that several scenes show: houses, panels, people. Each is drawn where the scene wants it."""

from __future__ import annotations

import math

from web.demo.canvas import WIDTH, Canvas, Colour, Point, mixed

WHITE: Colour = (255, 255, 255)
CELL: Colour = (48, 92, 148)


def street(canvas: Canvas, foot: float, size: float) -> None:
    """A row of houses, side by side, that stand at `foot`."""
    palette, chance = canvas.palette, canvas.chance
    walls = (*palette.accents, mixed(palette.far, WHITE, 0.4))
    x = chance.uniform(-60, -10)
    while x < WIDTH:
        width, height = chance.uniform(110, 170) * size, chance.uniform(120, 210) * size
        wall = chance.choice(walls)
        roof = mixed(palette.ink, wall, 0.25)
        house(canvas, (x, foot), (width, height), wall, roof)
        x += width + chance.choice((0, 0, 8, 20)) * size


def house(canvas: Canvas, corner: Point, extent: Point, wall: Colour, roof: Colour) -> None:
    """A house whose lower left corner and extent (width, height) are given."""
    palette, chance = canvas.palette, canvas.chance
    (x, foot), (width, height) = corner, extent
    top, peak = foot - height, foot - height - width * chance.uniform(0.3, 0.5)
    chimney = x + width * chance.choice((0.2, 0.7))
    canvas.box(chimney, peak - 4, chimney + width * 0.12, top, mixed(roof, palette.accents[0], 0.4))
    canvas.polygon([(x - 6, top + 2), (x + width / 2, peak), (x + width + 6, top + 2)], roof)
    canvas.box(x, top, x + width, foot, wall)
    if chance.random() < 0.4:  # noqa: PLR2004
        glass = mixed(palette.ink, CELL, 0.7)
        slope = [(x + width * 0.16, top - 4), (x + width * 0.47, peak + width * 0.05)]
        canvas.line(slope, mixed(glass, WHITE, 0.25), width * 0.07)
    lit, dark = mixed(palette.accents[2], WHITE, 0.5), mixed(palette.sky[0], palette.ink, 0.35)
    columns = 3 if width > 130 else 2  # noqa: PLR2004
    pane = width / (columns * 1.9)
    rows = max(1, int(height // (pane * 2.1)))
    for row in range(rows):
        for column in range(columns):
            left = x + (column + 0.5) * width / columns - pane / 2
            upper = top + pane * (0.5 + 1.9 * row)
            if upper + pane * 1.4 < foot:
                canvas.box(left - 3, upper - 3, left + pane + 3, upper + pane * 1.25 + 3, WHITE, 2)
                canvas.box(left, upper, left + pane, upper + pane * 1.25, lit if chance.random() < 0.35 else dark)  # noqa: PLR2004


def panel(canvas: Canvas, corner: Point, extent: tuple[float, float, float], glass: Colour) -> None:
    """A leaning solar panel from its lower left corner; its extent is width, height and lean."""
    (x, foot), (width, height, lean) = corner, extent
    frame = mixed(glass, WHITE, 0.6)
    canvas.polygon([(x, foot), (x + lean, foot - height), (x + width, foot - height), (x + width - lean, foot)], frame)
    inset = 3
    canvas.polygon(
        [
            (x + inset + 1, foot - inset),
            (x + lean + inset, foot - height + inset),
            (x + width - inset - 1, foot - height + inset),
            (x + width - lean - inset, foot - inset),
        ],
        glass,
    )
    for part in range(1, 5):
        start = x + (width - lean) * part / 5
        canvas.line([(start, foot - inset), (start + lean, foot - height + inset)], frame, 1.2)
    canvas.line([(x + lean / 2, foot - height / 2), (x + width - lean / 2, foot - height / 2)], frame, 1.2)


def turbine(canvas: Canvas, x: float, foot: float, height: float) -> None:
    """A wind turbine of that height."""
    palette, chance = canvas.palette, canvas.chance
    fill = mixed(WHITE, palette.far, 0.12)
    hub = (x, foot - height)
    canvas.polygon([(x - 7, foot), (x - 3, hub[1]), (x + 3, hub[1]), (x + 7, foot)], mixed(fill, palette.ink, 0.12))
    turn = chance.uniform(0, math.tau / 3)
    for blade in range(3):
        angle = turn + blade * math.tau / 3
        reach = height * 0.52
        points = [
            around(hub, angle + a, r) for a, r in ((0.5, 7), (0.1, reach * 0.3), (0, reach), (-0.03, reach * 0.3))
        ]
        canvas.polygon([hub, *points], fill)
    canvas.disc(*hub, 8, palette.accents[0])


def bicycle(canvas: Canvas, x: float, y: float, paint: Colour) -> None:
    """A bicycle whose back wheel turns around that point."""
    ink = canvas.palette.ink
    back, front = (x, y), (x + 230, y)
    for wheel in (back, front):
        canvas.ring(*wheel, 74, 9, ink)
        for spoke in range(12):
            canvas.line([wheel, around(wheel, spoke * math.tau / 12, 66)], mixed(ink, WHITE, 0.55), 1.2)
        canvas.disc(*wheel, 8, ink)
    crank, seat, head = (x + 96, y + 4), (x + 70, y - 108), (x + 196, y - 112)
    for tube in ((back, crank), (back, seat), (crank, seat), (crank, head), (seat, head), (head, front)):
        canvas.line(tube, paint, 10)
    canvas.line([seat, (seat[0] - 8, seat[1] - 26)], ink, 7)
    canvas.line([(seat[0] - 36, seat[1] - 30), (seat[0] + 22, seat[1] - 30)], ink, 12)
    canvas.line([head, (head[0] - 10, head[1] - 34), (head[0] + 30, head[1] - 46)], ink, 8)
    canvas.disc(*crank, 16, ink)
    canvas.line([crank, (crank[0] + 26, crank[1] + 24)], mixed(ink, WHITE, 0.4), 6)
    canvas.box(x - 58, y - 150, x + 36, y - 88, mixed(canvas.palette.accents[2], ink, 0.1), 8)
    canvas.line([(x - 56, y - 86), (x + 66, y - 86)], ink, 5)


def person(canvas: Canvas, x: float, y: float, size: float, shirt: Colour, *, helmet: Colour | None = None) -> None:
    """Head and shoulders; the neck is at that point."""
    chance, ink = canvas.chance, canvas.palette.ink
    skin = chance.choice(((241, 205, 174), (214, 164, 124), (160, 108, 74), (110, 72, 50)))
    hair = helmet or chance.choice((ink, (94, 62, 44), (196, 150, 84), (180, 176, 170)))
    canvas.box(x - 44 * size, y - 6 * size, x + 44 * size, y + 150 * size, shirt, 40 * size)
    canvas.box(x - 12 * size, y - 30 * size, x + 12 * size, y + 8 * size, mixed(skin, ink, 0.12), 10 * size)
    canvas.disc(x, y - 50 * size, 32 * size, hair)
    canvas.disc(x, y - 42 * size, 26 * size, skin, 1.05)


def pot_plant(canvas: Canvas, x: float, foot: float) -> None:
    """A plant in a pot that stands at `foot`."""
    palette, chance = canvas.palette, canvas.chance
    leaf = mixed(palette.ground, (60, 140, 90), 0.5)
    for stem in range(7):
        angle = -1.1 + stem * 0.37 + chance.uniform(-0.08, 0.08)
        tip = around((x, foot - 40), angle, chance.uniform(46, 74))
        canvas.line([(x, foot - 36), tip], leaf, 5)
        canvas.disc(*tip, 12, mixed(leaf, WHITE, chance.uniform(0, 0.25)), 0.8)
    canvas.polygon([(x - 26, foot - 44), (x + 26, foot - 44), (x + 18, foot), (x - 18, foot)], palette.accents[0])


def arrow(canvas: Canvas, start: Point, end: Point, fill: Colour) -> None:
    """An arrow from start to end."""
    canvas.line([start, end], fill, 6)
    angle = math.atan2(end[0] - start[0], start[1] - end[1])
    canvas.polygon([around(end, angle, 16), around(end, angle + 2.2, 15), around(end, angle - 2.2, 15)], fill)


def digit(canvas: Canvas, x: float, y: float, number: int) -> None:
    """Seven strokes, as on a clock radio: no font is needed."""
    strokes = {
        "a": ((0, 0), (16, 0)),
        "b": ((16, 0), (16, 15)),
        "c": ((16, 15), (16, 30)),
        "d": ((0, 30), (16, 30)),
        "e": ((0, 15), (0, 30)),
        "f": ((0, 0), (0, 15)),
        "g": ((0, 15), (16, 15)),
    }
    shown = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")[number]
    for name in shown:
        canvas.line([(x + dx, y + dy) for dx, dy in strokes[name]], WHITE, 4)


def around(centre: Point, angle: float, radius: float) -> Point:
    """The point at that angle, clockwise from above, and distance."""
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)
