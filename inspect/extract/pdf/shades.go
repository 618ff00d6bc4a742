package pdf

import (
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf/internal/object"
)

// shades says how the samples of a picture become shades of grey, which is what
// recognising characters takes.
type shades struct {
	bits       int // of a sample: 1, 2, 4, 8 or 16
	components int // samples a pixel
	ink        bool
	table      [256]byte // of a sample, or of an index into a palette
}

// maxSpace is how many colour spaces may stand for one another.
const maxSpace = 4

// shadesOf reads how a picture is coded (8.9.5). It reports whether it could be.
func (d *document) shadesOf(s *object.Stream) (shades, bool) {
	one := func(long, short object.Name) any {
		if o := s.Dict[long]; o != nil {
			return o
		}
		return s.Dict[short]
	}
	var r shades
	r.bits = d.f.Int(one("BitsPerComponent", "BPC"), 8)
	var palette []byte
	if mask, _ := d.f.Get(one("ImageMask", "IM")).(bool); mask {
		r.bits, r.components = 1, 1
	} else {
		r.components, r.ink, palette = d.space(one("ColorSpace", "CS"), 0)
	}
	switch r.bits {
	case 1, 2, 4, 8, 16:
	default:
		return r, false
	}
	if r.components < 1 || r.components > 32 || palette != nil && r.bits > 8 {
		return r, false
	}
	decode := d.f.Array(one("Decode", "D"))
	inverse := palette == nil && len(decode) > 1 && d.number(decode[0], 0) > d.number(decode[1], 1)
	most := 1<<min(r.bits, 8) - 1
	for i := range r.table {
		v := byte(min(i, most) * 255 / most)
		if inverse {
			v = ^v
		}
		r.table[i] = v
	}
	if palette != nil {
		r.components, r.ink = 1, false
		copy(r.table[:], palette)
	}
	return r, true
}

// space reads a colour space (8.6): how many components it has, whether they are
// inks, of which nothing is white, and the shades of its palette, nil if it has
// none. No components mean that it is not known.
func (d *document) space(o any, depth int) (components int, ink bool, palette []byte) {
	o = d.f.Get(o)
	a, _ := o.(object.Array)
	name, _ := o.(object.Name)
	if len(a) > 0 {
		name = d.f.Name(a[0])
	}
	switch name {
	case "DeviceGray", "G", "CalGray":
		return 1, false, nil
	case "DeviceRGB", "RGB", "CalRGB":
		return 3, false, nil
	case "DeviceCMYK", "CMYK":
		return 4, true, nil
	case "Lab":
		return 3, false, nil
	case "Separation":
		return 1, true, nil
	}
	if len(a) < 2 || depth >= maxSpace {
		return 0, false, nil
	}
	switch name {
	case "ICCBased":
		n := d.f.Int(d.f.Dict(a[1])["N"], 0)
		return n, n == 4, nil
	case "DeviceN":
		return len(d.f.Array(a[1])), true, nil
	case "Indexed", "I":
		if len(a) < 4 {
			return 0, false, nil
		}
		n, ink, nested := d.space(a[1], depth+1)
		if n == 0 || nested != nil {
			return 0, false, nil
		}
		var colours []byte
		switch v := d.f.Get(a[3]).(type) {
		case object.String:
			colours = v
		case *object.Stream:
			colours, _ = d.f.Data(v)
		}
		base := shades{bits: 8, components: n, ink: ink}
		for i := range base.table {
			base.table[i] = byte(i)
		}
		k := min(len(colours)/n, 256)
		palette = make([]byte, k, max(k, 1))
		base.grey(palette, colours[:k*n])
		return 1, false, palette
	}
	return 0, false, nil
}

// grey makes a shade of each pixel of samples. Inks darken: cyan, magenta and
// yellow as red, green and blue are missing, all others by themselves.
func (s *shades) grey(to, samples []byte) {
	for i := range to {
		p := samples[i*s.components:][:s.components]
		level := 0
		if len(p) >= 3 {
			level, p = luma(s.table[p[0]], s.table[p[1]], s.table[p[2]]), p[3:]
		}
		for _, v := range p {
			level += int(s.table[v])
		}
		if to[i] = byte(min(level, 255)); s.ink {
			to[i] = ^to[i]
		}
	}
}

// luma is how bright a colour is, up to 255 (ITU-R BT.601).
func luma(r, g, b byte) int { return (299*int(r) + 587*int(g) + 114*int(b)) / 1000 }
