package salesforce

import (
	"fmt"
	"strconv"
	"strings"
)

// maxBitmap bounds a bitmap's text; an object has at most some hundreds of
// fields, four to a character.
const maxBitmap = 4096

// A bitmap says which fields of a record an event is about, as the vendor
// writes it: "0x…", a hexadecimal number whose lowest bit is the schema's
// first field; or "<n>-0x…", the same within the compound field n (VERIFIED).

// bitmapFields returns the names of the fields that bitmaps stand for, in the
// order of the schema; those of a compound field as Parent.Child.
func bitmapFields(fields []eventField, bitmaps []string) ([]string, error) {
	var names []string
	for _, bitmap := range bitmaps {
		parent, bits, nested := strings.Cut(bitmap, "-")
		prefix, within := "", fields
		if nested {
			n, err := strconv.Atoi(parent)
			if err != nil || n < 0 || n >= len(fields) {
				return nil, fmt.Errorf("bitmap %.40q: no compound field %.20q", bitmap, parent)
			}
			prefix, within = fields[n].name+".", fields[n].fields
		} else {
			bits = bitmap
		}
		set, err := bitsOf(bits)
		if err != nil {
			return nil, err
		}
		for _, i := range set {
			if i >= len(within) {
				return nil, fmt.Errorf("bitmap %.40q: field %d of %d", bitmap, i, len(within))
			}
			names = append(names, prefix+within[i].name)
		}
	}
	return names, nil
}

// bitsOf lists the bits that are set, from the lowest.
func bitsOf(text string) ([]int, error) {
	digits, hex := strings.CutPrefix(text, "0x")
	if !hex || digits == "" || len(digits) > maxBitmap {
		return nil, fmt.Errorf("bitmap %.40q is no hexadecimal number", text)
	}
	var set []int
	for i := range len(digits) {
		nibble, err := strconv.ParseUint(digits[len(digits)-1-i:len(digits)-i], 16, 8)
		if err != nil {
			return nil, fmt.Errorf("bitmap %.40q is no hexadecimal number", text)
		}
		for bit := range 4 {
			if nibble>>bit&1 == 1 {
				set = append(set, i*4+bit)
			}
		}
	}
	return set, nil
}
