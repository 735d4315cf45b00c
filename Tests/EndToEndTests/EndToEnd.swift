// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

/// The built program, driven as strfry and operators drive it. One test after the other: each starts processes of its own.
@Suite(.serialized) struct EndToEnd {}
