// SPDX-License-Identifier: AGPL-3.0-or-later

// Code written here would belong to the main actor, and crash as a callback on another thread: everything stands in plain types.
Program.main()
