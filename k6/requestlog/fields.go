// SPDX-License-Identifier: AGPL-3.0-only

// Code generated from domain/record/fields.ts by npm run docs:records; DO NOT EDIT.

package requestlog

// What stands before each field that this package writes.
const (
	durationMS    = `"duration_ms":`
	waitingMS     = `,"waiting_ms":`
	connectingMS  = `,"connecting_ms":`
	tlsMS         = `,"tls_ms":`
	status        = `,"status":`
	remoteAddress = `,"remote_address":`
	proto         = `,"proto":`
	answerSHA256  = `,"answer_sha256":`
)

// fieldNames are the fields in their order.
var fieldNames = []string{"duration_ms", "waiting_ms", "connecting_ms", "tls_ms", "status", "remote_address", "proto", "answer_sha256"}
