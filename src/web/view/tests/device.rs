//! The pages on which a device is connected.

use super::super::device::{DeviceCode, DeviceConfirm, DeviceDone};
use super::common::{HOSTILE, errors_on};
use super::page;
use crate::web::view::{Page, Tile, form::Hidden};

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let page_of = |path: &str| Page::sample(path);
    vec![
        page(
            "device",
            &DeviceCode {
                page: page_of("/device"),
                errors: errors_on(&["user_code"]),
                user_code: HOSTILE.into(),
            },
        ),
        page(
            "device-confirm",
            &DeviceConfirm {
                page: page_of("/device"),
                tile: Tile { label: HOSTILE.into(), glyph: "activity".into(), colour: "iris".into() },
                user_code: "BCDF-GHJK".into(),
                name: HOSTILE.into(),
                since: "just now".into(),
                client_ip: HOSTILE.into(),
                knows: HOSTILE.into(),
                hidden: vec![Hidden::new("user_code", "BCDF-GHJK")],
            },
        ),
        page(
            "device-done",
            &DeviceDone { page: page_of("/device/answer"), heading: HOSTILE.into(), lede: HOSTILE.into() },
        ),
    ]
}
