//! The certificate's frame and ground: a fret (回纹) between two rules, and a rosette under the text.

use crate::pen::{Area, Ink, Pen};
use krilla::geom::PathBuilder;
use std::f32::consts::PI;

/// One turn of the fret on a grid of five by four, along the frame's upper side: up from the base line and inwards.
const FRET: [(f32, f32); 6] = [(0.0, 4.0), (0.0, 0.0), (4.0, 0.0), (4.0, 2.7), (1.6, 2.7), (1.6, 1.4)];
/// Where a turn ends.
const FRET_END: (f32, f32) = (2.7, 1.4);
/// How far a turn is from the next, in the grid's units.
const PITCH: f32 = 5.0;
/// How high the fret is, in the grid's units.
const HEIGHT: f32 = 4.0;
/// The frame's rules and the fret between them: how wide it is, in points.
const BAND: f32 = 13.0;
/// The empty space between a rule and the fret.
const GAP: f32 = 3.0;

/// Draws the frame whose outer edge is `outer`.
pub(crate) fn frame(pen: &mut Pen<'_, '_>, outer: Area) {
    pen.frame(outer, Ink::RED, 1.8);
    pen.frame(outer.inset(BAND + 2.0 * GAP), Ink::RED, 0.7);
    pen.frame(outer.inset(BAND + 2.0 * GAP + 2.6), Ink::GOLD, 0.4);
    let band = outer.inset(GAP);
    let mut path = PathBuilder::new();
    // Each side runs from corner to corner, its base line inside.
    let (right, bottom) = (band.x + band.width, band.y + band.height);
    let inner = (band.width - 2.0 * BAND, band.height - 2.0 * BAND);
    fret(&mut path, inner.0, |along, up| (band.x + BAND + along, band.y + BAND - up));
    fret(&mut path, inner.0, |along, up| (right - BAND - along, bottom - BAND + up));
    fret(&mut path, inner.1, |along, up| (right - BAND + up, band.y + BAND + along));
    fret(&mut path, inner.1, |along, up| (band.x + BAND - up, bottom - BAND - along));
    if let Some(path) = path.finish() {
        pen.stroke(&path, Ink::GOLD, 0.8);
    }
    for (x, y) in
        [(band.x, band.y), (right - BAND, band.y), (band.x, bottom - BAND), (right - BAND, bottom - BAND)]
    {
        corner(pen, Area::new(x, y, BAND, BAND));
    }
}

/// One side of the fret: turns that fill `length` exactly; `place` says where a point along it and above its base line is.
fn fret(path: &mut PathBuilder, length: f32, place: impl Fn(f32, f32) -> (f32, f32)) {
    let scale = (BAND - 1.6) / HEIGHT;
    let turns = (length / (PITCH * scale)).round().max(1.0);
    let across = length / (turns * PITCH);
    let point = |turn: f32, (x, y): (f32, f32)| {
        // The turn's last gap belongs to the next one; half of it is put before the first.
        let (x, y) = place((turn * PITCH + x + 0.5) * across, 0.8 + (HEIGHT - y) * scale);
        (exact(x), exact(y))
    };
    let mut turn = 0.0;
    while turn < turns {
        for (step, corner) in FRET.into_iter().chain([FRET_END]).enumerate() {
            let (x, y) = point(turn, corner);
            if step == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        turn += 1.0;
    }
    let (start, end) = (point(0.0, (-0.5, HEIGHT)), point(turns - 1.0, (PITCH - 0.5, HEIGHT)));
    path.move_to(start.0, start.1);
    path.line_to(end.0, end.1);
}

/// A corner of the frame: a square in a square, and a lozenge in it.
fn corner(pen: &mut Pen<'_, '_>, area: Area) {
    pen.frame(area.inset(0.8), Ink::RED, 0.8);
    lozenge(pen, (area.x + area.width / 2.0, area.y + area.height / 2.0), 3.6, Ink::RED);
}

/// A lozenge about `centre` that reaches as far as `reach`.
pub(crate) fn lozenge(pen: &mut Pen<'_, '_>, centre: (f32, f32), reach: f32, ink: Ink) {
    let mut path = PathBuilder::new();
    path.move_to(centre.0 - reach, centre.1);
    path.line_to(centre.0, centre.1 - reach);
    path.line_to(centre.0 + reach, centre.1);
    path.line_to(centre.0, centre.1 + reach);
    path.close();
    if let Some(path) = path.finish() {
        pen.fill(&path, ink);
    }
}

/// A rule with a lozenge in its middle, about `centre`, that reaches `reach` to both sides.
pub(crate) fn divider(pen: &mut Pen<'_, '_>, centre: (f32, f32), reach: f32) {
    let (x, y) = centre;
    pen.line((x - reach, y), (x - 9.0, y), Ink::GOLD, 0.8);
    pen.line((x + 9.0, y), (x + reach, y), Ink::GOLD, 0.8);
    lozenge(pen, centre, 3.6, Ink::RED);
    lozenge(pen, (x - reach, y), 1.6, Ink::GOLD);
    lozenge(pen, (x + reach, y), 1.6, Ink::GOLD);
}

/// The rosette about `centre`, of that radius: ellipses, each turned a little more.
pub(crate) fn rosette(pen: &mut Pen<'_, '_>, centre: (f32, f32), radius: f32) {
    const PETALS: u8 = 24;
    let mut path = PathBuilder::new();
    for petal in 0..PETALS {
        let angle = f32::from(petal) * PI / f32::from(PETALS);
        ellipse(&mut path, centre, (radius, radius * 0.36), angle);
        ellipse(&mut path, centre, (radius * 0.62, radius * 0.2), angle);
    }
    if let Some(path) = path.finish() {
        pen.stroke(&path, Ink::PALE, 0.45);
    }
}

fn ellipse(path: &mut PathBuilder, centre: (f32, f32), (a, b): (f32, f32), angle: f32) {
    // How far the control points of a quarter are from its ends, for a circle of radius 1.
    const KAPPA: f32 = 0.552_284_8;
    let (sin, cos) = angle.sin_cos();
    let at = |x: f32, y: f32| {
        let (x, y) = (x * a, y * b);
        (exact(centre.0 + x * cos - y * sin), exact(centre.1 + x * sin + y * cos))
    };
    let start = at(1.0, 0.0);
    path.move_to(start.0, start.1);
    for (x, y) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
        // From (x, y) to the point a quarter further on, (-y, x).
        let (first, second, end) =
            (at(x - KAPPA * y, y + KAPPA * x), at(-y + KAPPA * x, x + KAPPA * y), at(-y, x));
        path.cubic_to(first.0, first.1, second.0, second.1, end.0, end.1);
    }
    path.close();
}

/// To a hundredth of a point: what a machine's sine has beyond that would make other bytes on another machine.
fn exact(length: f32) -> f32 {
    (length * 100.0).round() / 100.0
}
