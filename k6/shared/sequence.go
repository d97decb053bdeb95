// SPDX-License-Identifier: AGPL-3.0-only

package shared

import "math/bits"

const rounds = 4

// payloadAt is payloadAt of domain/payload-order.ts, number by number: a call in JavaScript costs 20 us, which is a tenth
// of a small request. The suite's test in k6 holds both against each other.
func payloadAt(seed, index, size int64) int64 {
	if size <= 1 {
		return 0
	}
	key := mix32(mix32(uint32(seed)) + uint32(index/size)) //nolint:gosec // modulo 2^32 is meant
	width := max(2, bits.Len64(uint64(size-1)))            //nolint:gosec // above 0
	place := uint32(index % size)                          //nolint:gosec // below the size
	for {
		leftBits := width / 2
		rightBits := width - leftBits
		for i := range uint32(rounds) {
			left, right := place>>rightBits, place&(1<<rightBits-1)
			x := key + right + (i+1)*0x9e3779b9
			x = (x ^ x>>16) * 0x1e3779
			x = (x ^ x>>13) * 0x1656b3
			place = right<<leftBits | (left^x^x>>16)&(1<<leftBits-1)
			leftBits, rightBits = rightBits, leftBits
		}
		if int64(place) < size {
			return int64(place)
		}
	}
}

// mix32 is MurmurHash3's 32-bit finaliser (Appleby 2011).
func mix32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}
