// SPDX-License-Identifier: AGPL-3.0-or-later

// Code written here would belong to the main actor: everything stands in plain types.
Laboratory.main()
