package evasion

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/japanese"
)

// zipped packs files, given by name and content in turn.
func zipped(files ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		io.WriteString(must(w.Create(files[i])), files[i+1])
	}
	w.Close()
	return b.Bytes()
}

func tarred(files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))})
		io.WriteString(w, files[i+1])
	}
	w.Close()
	return b.Bytes()
}

func zstandard(b []byte) []byte {
	w := must(zstd.NewWriter(nil))
	defer w.Close()
	return w.EncodeAll(b, nil)
}

func brotlied(b []byte) []byte {
	var w bytes.Buffer
	z := brotli.NewWriter(&w)
	z.Write(b)
	z.Close()
	return w.Bytes()
}

// picture is a JPEG file of one grey pixel, without its end.
var picture = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" +
	"\xff\xdb\x00\x43\x00" + strings.Repeat("\x10", 64) +
	"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00" +
	"\xff\xc4\x00\x14\x00\x01" + strings.Repeat("\x00", 15) + "\x03" +
	"\xff\xc4\x00\x14\x10\x01" + strings.Repeat("\x00", 16) +
	"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x37\xff\xd9")

// png is a picture with chunks of one's own before its pixels.
func png(chunks ...string) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	put := func(kind, data string) {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		b.WriteString(kind + data)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(kind+data))))
	}
	put("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00")
	for i := 0; i < len(chunks); i += 2 {
		put(chunks[i], chunks[i+1])
	}
	put("IDAT", string(zlibbed([]byte{0, 128})))
	put("IEND", "")
	return b.Bytes()
}

func file(media string, b []byte, name string) upload {
	u := upload{media: media, body: b}
	if name != "" {
		u.path = "/upload/" + name
		u.method = "PUT"
	}
	return u
}

func lies() []evasion {
	return []evasion{
		{name: "a workbook as a .jpg", make: func(l list) upload { return file("image/jpeg", workbook(l), "photo.jpg") }},
		{name: "a ZIP file as a .txt", make: func(l list) upload { return file("text/plain", zipped("list.csv", l.csv()), "memo.txt") }},
		{name: "a CSV file as an .mp4", make: func(l list) upload { return file("video/mp4", []byte(l.csv()), "clip.mp4") }},
		{name: "a CSV file as a .woff2", make: func(l list) upload { return file("font/woff2", []byte(l.csv()), "a.woff2") }},
		{name: "a document as a .css", make: func(l list) upload { return file("text/css", document(l.csv()), "site.css") }},
		{name: "a PDF file as text/html", make: func(l list) upload { return file("text/html", textPDF(l), "") }},
		{name: "a ZIP member with the name of a picture", make: func(l list) upload {
			return binaryFile(zipped("logo.png", l.csv()))
		}},
		{name: "a CSV file behind the first bytes of a PNG file", make: func(l list) upload {
			return file("image/png", []byte("\x89PNG\r\n\x1a\n"+l.csv()), "a.png")
		}},
		{name: "a CSV file behind the first bytes of a JPEG file", make: func(l list) upload {
			return file("image/jpeg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"+l.csv()), "a.jpg")
		}},
		{name: "a CSV file behind the first bytes of a GIF file", make: func(l list) upload {
			return file("image/gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"+l.csv()), "a.gif")
		}},
		{name: "a CSV file behind the first bytes of an MP4 file", make: func(l list) upload {
			return file("video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"+l.csv()), "a.mp4")
		}},
		{name: "a CSV file behind the first bytes of a ZIP file", make: func(l list) upload {
			return file("application/zip", []byte("PK\x03\x04"+l.csv()), "a.zip")
		}, opaque: true},
		{name: "a CSV file behind the first bytes of a gzip file", make: func(l list) upload {
			return file("application/gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"+l.csv()), "a.gz")
		}, opaque: true},
		{name: "a CSV file behind the first bytes of a PDF file", make: func(l list) upload {
			return file("application/pdf", []byte("%PDF-1.7\n"+l.csv()), "a.pdf")
		}, opaque: true},
		{name: "a CSV file behind the first bytes of an OLE file", make: func(l list) upload {
			return file("application/msword", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+l.csv()), "a.doc")
		}, opaque: true},
		{name: "a CSV file behind the first bytes of an ELF file", make: func(l list) upload {
			return binaryFile([]byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57) + l.csv()))
		}},
		{name: "JSON declared as a form", make: func(l list) upload {
			return upload{media: "application/x-www-form-urlencoded", body: inJSON([]byte(l.csv()))}
		}},
		{name: "a form declared as JSON", make: func(l list) upload {
			return upload{media: "application/json", body: []byte("a=1&text=" + string(percented([]byte(l.csv()))))}
		}},
		{name: "plain text declared as multipart", make: func(l list) upload {
			return upload{media: "multipart/form-data; boundary=x", body: []byte(l.csv())}
		}},
		{name: "multipart declared as plain text", make: func(l list) upload {
			return plain("--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.zip\"\r\nContent-Type: application/zip\r\n\r\n" +
				string(zipped("list.csv", l.csv())) + "\r\n--x--\r\n")
		}},
		{name: "a content type that is none", make: func(l list) upload { return upload{media: ";;;=\"", body: []byte(l.csv())} }},
		{name: "no content type", make: func(l list) upload { return upload{body: zipped("list.csv", l.csv())} }},
		{name: "gzip undeclared", make: by(gzipped)},
		{name: "gzip twice, declared once", make: func(l list) upload {
			return upload{coding: "gzip", body: gzipped(gzipped([]byte(l.csv())))}
		}},
		{name: "plain text declared as gzip", opaque: true, make: func(l list) upload {
			return upload{media: "text/plain", coding: "gzip", body: []byte(l.csv())}
		}},
		{name: "gzip declared as brotli", opaque: true, make: func(l list) upload { return upload{coding: "br", body: gzipped([]byte(l.csv()))} }},
		{name: "an encoding that nobody knows", make: func(l list) upload { return upload{coding: "x-own", body: []byte(l.csv())} }},
		{name: "brotli, declared", make: func(l list) upload { return upload{coding: "br", body: brotlied([]byte(l.csv()))} }},
		{name: "brotli, undeclared", make: by(brotlied)},
		{name: "five encodings, all declared", make: func(l list) upload {
			return upload{coding: "gzip, br, zstd, deflate, gzip", body: gzipped(zlibbed(zstandard(brotlied(gzipped([]byte(l.csv()))))))}
		}},
	}
}

func wrappings() []evasion {
	return []evasion{
		{name: "a ZIP file behind a JPEG picture", make: func(l list) upload {
			return file("image/jpeg", append(bytes.Clone(picture), zipped("list.csv", l.csv())...), "")
		}},
		{name: "a CSV file behind a JPEG picture", make: func(l list) upload {
			return file("image/jpeg", append(bytes.Clone(picture), l.csv()...), "")
		}},
		{name: "gzip behind a JPEG picture", make: func(l list) upload {
			return file("image/jpeg", append(bytes.Clone(picture), gzipped([]byte(l.csv()))...), "")
		}},
		{name: "a ZIP file behind a PNG picture", make: func(l list) upload {
			return file("image/png", append(png(), zipped("list.csv", l.csv())...), "")
		}},
		{name: "a CSV file behind a PNG picture", make: func(l list) upload {
			return file("image/png", append(png(), l.csv()...), "")
		}},
		{name: "a CSV file behind a GIF picture", make: func(l list) upload {
			return file("image/gif", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"+l.csv()), "")
		}},
		{name: "text behind the end of a PDF file", make: func(l list) upload {
			return file("application/pdf", append(textPDF(goods()), l.csv()...), "")
		}},
		{name: "a ZIP file behind the end of a PDF file", make: func(l list) upload {
			return file("application/pdf", append(textPDF(goods()), zipped("list.csv", l.csv())...), "")
		}},
		{name: "a ZIP file behind a ZIP file", make: func(l list) upload {
			return binaryFile(append(zipped("list.csv", l.csv()), zipped("readme.txt", "こんにちは\n")...))
		}},
		{name: "a CSV file before a ZIP file", make: func(l list) upload {
			return binaryFile(append([]byte(l.csv()), zipped("readme.txt", "こんにちは\n")...))
		}},
		{name: "a CSV file behind a ZIP file", make: func(l list) upload {
			return binaryFile(append(zipped("readme.txt", "こんにちは\n"), l.csv()...))
		}},
		{name: "a CSV file in the comment of a ZIP file", make: func(l list) upload {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			must(w.Create("readme.txt"))
			w.SetComment(l.csv())
			w.Close()
			return binaryFile(b.Bytes())
		}},
		{name: "a CSV file in the comment of a member", make: func(l list) upload {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			must(w.CreateHeader(&zip.FileHeader{Name: "readme.txt", Comment: l.csv()}))
			w.Close()
			return binaryFile(b.Bytes())
		}},
		{name: "a CSV file between the members of a ZIP file", make: func(l list) upload {
			z := zipped("a.txt", "こんにちは\n")
			at := bytes.Index(z, []byte("PK\x01\x02"))
			return binaryFile(moved(append(append(bytes.Clone(z[:at]), l.csv()...), z[at:]...), len(l.csv())))
		}},
		{name: "a member that the directory does not list", make: func(l list) upload {
			hidden, shown := zipped("list.csv", l.csv()), zipped("a.txt", "こんにちは\n")
			local := hidden[:bytes.Index(hidden, []byte("PK\x01\x02"))]
			return binaryFile(moved(append(bytes.Clone(local), shown...), len(local)))
		}},
		{name: "a program that unpacks itself", make: func(l list) upload {
			return binaryFile(append([]byte("MZ\x90\x00"+strings.Repeat("\x00", 508)), zipped("list.csv", l.csv())...))
		}},
		{name: "a shell script with an archive behind it", make: func(l list) upload {
			return binaryFile(append([]byte("#!/bin/sh\ntail -n +3 $0 | tar xz\nexit\n"), gzipped(tarred("list.csv", l.csv()))...))
		}},
		{name: "a page that is a ZIP file too", opaque: true, make: func(l list) upload {
			return file("text/html", append([]byte("<html><body>こんにちは</body></html>\n"), zipped("list.csv", l.csv())...), "")
		}},
		{name: "a CSV file in the extra field of gzip", make: func(l list) upload {
			extra := []byte(l.csv())
			head := []byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3}
			head = binary.LittleEndian.AppendUint16(head, uint16(len(extra)+4))
			head = append(head, 'x', 'x')
			head = binary.LittleEndian.AppendUint16(head, uint16(len(extra)))
			return binaryFile(append(append(head, extra...), gzipped([]byte("こんにちは\n"))[10:]...))
		}},
		{name: "a CSV file as the file name of gzip", opaque: true, make: func(l list) upload {
			head := []byte{0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3}
			return binaryFile(append(append(append(head, l.csv()...), 0), gzipped([]byte("こんにちは\n"))[10:]...))
		}},
		{name: "a CSV file behind gzip", make: func(l list) upload {
			return binaryFile(append(gzipped([]byte("こんにちは\n")), l.csv()...))
		}},
		{name: "gzip of two members", make: func(l list) upload {
			return binaryFile(append(gzipped([]byte("こんにちは\n")), gzipped([]byte(l.csv()))...))
		}},
		{name: "a CSV file in a skippable frame of zstd", make: func(l list) upload {
			b := binary.LittleEndian.AppendUint32([]byte{0x50, 0x2a, 0x4d, 0x18}, uint32(len(l.csv())))
			return binaryFile(append(append(b, l.csv()...), zstandard([]byte("こんにちは\n"))...))
		}},
		{name: "behind the end of an archive of tar", make: func(l list) upload {
			return binaryFile(append(tarred("a.txt", "こんにちは\n"), l.csv()...))
		}},
		{name: "a ZIP file in base64 behind a page", make: func(l list) upload {
			return file("text/html", []byte("<html><body>こんにちは</body></html><!-- "+string(base64ed(zipped("list.csv", l.csv())))+" -->"), "")
		}},
	}
}

// moved adds to the offsets of a ZIP file of one member that stands behind n
// more bytes now.
func moved(z []byte, n int) []byte {
	end := bytes.LastIndex(z, []byte("PK\x05\x06"))
	at := binary.LittleEndian.Uint32(z[end+16:])
	binary.LittleEndian.PutUint32(z[end+16:], at+uint32(n))
	return z
}

// deepened wraps a list n times.
func deepened(n int, wrap func(name string, b []byte) []byte) func(list) upload {
	return func(l list) upload {
		b, name := []byte(l.csv()), "list.csv"
		for i := range n {
			b = wrap(name, b)
			name = fmt.Sprintf("%d.bin", i)
		}
		return binaryFile(b)
	}
}

func inZip(name string, b []byte) []byte { return zipped(name, string(b)) }
func inTar(name string, b []byte) []byte { return tarred(name, string(b)) }

// rawZip writes a member with the names and flags of one's choice.
func rawZip(local, central string, flags, method uint16, data []byte, size int) []byte {
	head := func(sig, name string, between []byte) []byte {
		b := []byte(sig)
		if sig == "PK\x01\x02" {
			b = append(b, 20, 0)
		}
		b = append(b, 20, 0)
		b = binary.LittleEndian.AppendUint16(b, flags)
		b = binary.LittleEndian.AppendUint16(b, method)
		b = append(b, 0, 0, 0x21, 0x50)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(data))
		b = binary.LittleEndian.AppendUint32(b, uint32(size))
		b = binary.LittleEndian.AppendUint32(b, uint32(size))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, 0, 0)
		b = append(b, between...)
		return append(b, name...)
	}
	z := append(head("PK\x03\x04", local, nil), data...)
	at := len(z)
	z = append(z, head("PK\x01\x02", central, make([]byte, 14))...)
	end := append([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"), binary.LittleEndian.AppendUint32(nil, uint32(len(z)-at))...)
	end = binary.LittleEndian.AppendUint32(end, uint32(at))
	return append(append(z, end...), 0, 0)
}

func archives() []evasion {
	truncated := func(part float64, wrap func(string, []byte) []byte) func(list) upload {
		return func(l list) upload {
			b := wrap("list.csv", []byte(l.csv()))
			return binaryFile(b[:int(float64(len(b))*part)])
		}
	}
	return append([]evasion{
		{name: "zip", make: deepened(1, inZip)},
		{name: "zip, 7 deep", make: deepened(7, inZip)},
		{name: "zip, 8 deep", make: deepened(8, inZip)},
		{name: "zip, 9 deep", make: deepened(9, inZip), opaque: true},
		{name: "zip, 40 deep", make: deepened(40, inZip), opaque: true},
		{name: "tar in gzip in tar in gzip", make: deepened(2, func(n string, b []byte) []byte { return gzipped(inTar(n, b)) })},
		{name: "tar.zst", make: deepened(1, func(n string, b []byte) []byte { return zstandard(inTar(n, b)) })},
		{name: "gzip, 12 deep", make: deepened(12, func(_ string, b []byte) []byte { return gzipped(b) }), opaque: true},
		{name: "zip whose two names of a member differ", make: func(l list) upload {
			return binaryFile(rawZip("list.csv", "logo.png", 0, 0, []byte(l.csv()), len(l.csv())))
		}},
		{name: "zip that says its member is empty", make: func(l list) upload {
			return binaryFile(rawZip("list.csv", "list.csv", 0, 0, []byte(l.csv()), 0))
		}},
		{name: "zip that says its member is a folder", make: func(l list) upload {
			return binaryFile(rawZip("list/", "list/", 0, 0, []byte(l.csv()), len(l.csv())))
		}},
		{name: "zip that says its member is encrypted and it is not", make: func(l list) upload {
			return binaryFile(rawZip("list.csv", "list.csv", 1, 0, []byte(l.csv()), len(l.csv())))
		}, opaque: true},
		{name: "zip with a method that nobody knows", make: func(l list) upload {
			return binaryFile(rawZip("list.csv", "list.csv", 0, 77, []byte(l.csv()), len(l.csv())))
		}, opaque: true},
		{name: "zip without its directory", make: truncated(0.85, inZip), opaque: true},
		{name: "zip cut in half", make: truncated(0.5, inZip), opaque: true},
		{name: "zip without its first bytes", opaque: true, make: func(l list) upload { return binaryFile(inZip("list.csv", []byte(l.csv()))[8:]) }},
		{name: "gzip cut in half", make: truncated(0.5, func(_ string, b []byte) []byte { return gzipped(b) }), opaque: true},
		{name: "gzip with a wrong check sum", make: func(l list) upload {
			b := gzipped([]byte(l.csv()))
			b[len(b)-6] ^= 1
			return binaryFile(b)
		}, opaque: true},
		{name: "tar with a wrong check sum", opaque: true, make: func(l list) upload {
			b := tarred("list.csv", l.csv())
			b[150] = '7'
			return binaryFile(b)
		}},
		{name: "names of members in CP932 that are the list", make: func(l list) upload {
			var files []string
			for _, r := range l.rows {
				files = append(files, string(charset(japanese.ShiftJIS)([]byte(r[0]+"_"+r[1]+".txt"))), "x")
			}
			return binaryFile(zipped(files...))
		}},
		{name: "names of folders that are the list", make: func(l list) upload {
			var files []string
			for _, r := range l.rows {
				files = append(files, r[0]+"/"+r[1]+"/"+r[3]+"/", "")
			}
			return binaryFile(zipped(files...))
		}},
		{name: "names in tar that are the list", make: func(l list) upload {
			var files []string
			for _, r := range l.rows {
				files = append(files, r[0]+" "+r[1]+".txt", "x")
			}
			return binaryFile(tarred(files...))
		}},
		{name: "link targets in tar that are the list", make: func(l list) upload {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for i, r := range l.rows {
				w.WriteHeader(&tar.Header{Name: fmt.Sprint(i), Typeflag: tar.TypeSymlink, Linkname: r[0] + " " + r[1]})
			}
			w.Close()
			return binaryFile(b.Bytes())
		}},
		{name: "one member a row", make: func(l list) upload {
			var files []string
			for i, r := range l.rows {
				files = append(files, fmt.Sprintf("%02d.txt", i), strings.Join(r, ","))
			}
			return binaryFile(zipped(files...))
		}},
		{name: "rar 4, stored", make: func(l list) upload { return binaryFile(rar4("list.csv", l.csv(), 0)) }},
		{name: "rar 4, encrypted", make: func(l list) upload { return binaryFile(rar4("list.csv", l.csv(), 4)) }, opaque: true},
		{name: "ar", make: func(l list) upload {
			s := l.csv()
			return binaryFile(fmt.Appendf(nil, "!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", "list.csv/", 0, 0, 0, "100644", len(s), s))
		}},
		{name: "cpio", make: func(l list) upload {
			var b bytes.Buffer
			put := func(name, data string) {
				fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
				b.WriteString(name + "\x00")
				b.Write(make([]byte, -b.Len()&3))
				b.WriteString(data)
				b.Write(make([]byte, -b.Len()&3))
			}
			put("list.csv", l.csv())
			put("TRAILER!!!", "")
			return binaryFile(b.Bytes())
		}},
	}, kept("7z", "7z-encrypted", "7z-encrypted-names", "zip-zipcrypto", "zip-aes", "lzh", "xz", "bzip2", "zip-split")...)
}

// rar4 writes one stored member.
func rar4(name, body string, flags uint16) []byte {
	block := func(kind byte, flags uint16, rest []byte, data string) []byte {
		b := []byte{kind}
		b = binary.LittleEndian.AppendUint16(b, flags)
		b = binary.LittleEndian.AppendUint16(b, uint16(7+len(rest)))
		b = append(b, rest...)
		sum := uint16(crc32.ChecksumIEEE(b))
		return append(append(binary.LittleEndian.AppendUint16(nil, sum), b...), data...)
	}
	size := uint32(len(body))
	var rest []byte
	rest = binary.LittleEndian.AppendUint32(rest, size)
	rest = binary.LittleEndian.AppendUint32(rest, size)
	rest = append(rest, 2)
	rest = binary.LittleEndian.AppendUint32(rest, crc32.ChecksumIEEE([]byte(body)))
	rest = append(rest, 0, 0, 0x21, 0x50, 29, 0x30)
	rest = binary.LittleEndian.AppendUint16(rest, uint16(len(name)))
	rest = append(rest, 0x20, 0, 0, 0)
	rest = append(rest, name...)
	out := []byte("Rar!\x1a\x07\x00")
	out = append(out, block(0x73, 0, make([]byte, 6), "")...)
	out = append(out, block(0x74, 0x8000|flags, rest, body)...)
	return append(out, block(0x7b, 0, nil, "")...)
}

func decoys() []evasion {
	emptyFiles := func(n int) []string {
		files := make([]string, 0, 2*n)
		for i := range n {
			files = append(files, fmt.Sprintf("e/%05d", i), "")
		}
		return files
	}
	junk := func(n int) string {
		var b strings.Builder
		for x := uint32(1); b.Len() < n; x = x*1664525 + 1013904223 {
			fmt.Fprintf(&b, "%08x lorem ipsum dolor sit amet\n", x)
		}
		return b.String()
	}
	return []evasion{
		{name: "10,000 empty members before", make: func(l list) upload {
			return binaryFile(zipped(append(emptyFiles(10000), "list.csv", l.csv())...))
		}},
		{name: "25,000 empty members before", make: func(l list) upload {
			return binaryFile(zipped(append(emptyFiles(25000), "list.csv", l.csv())...))
		}, opaque: true},
		{name: "1 MB of junk before", make: func(l list) upload { return plain(junk(1<<20) + l.csv()) }},
		{name: "1 MB of junk on one line before", make: func(l list) upload {
			return plain(strings.ReplaceAll(junk(1<<20), "\n", " ") + "\n" + l.csv())
		}},
		{name: "1 MB of spaces before", make: func(l list) upload { return plain(strings.Repeat(" ", 1<<20) + l.csv()) }},
		{name: "1 MB of NUL before", opaque: true, make: func(l list) upload { return plain(strings.Repeat("\x00", 1<<20) + l.csv()) }},
		{name: "1 MB of zero-width spaces before", make: func(l list) upload { return plain(strings.Repeat("\u200b", 350000) + l.csv()) }},
		{name: "1 MB of line ends before", make: func(l list) upload { return plain(strings.Repeat("\n", 1<<20) + l.csv()) }},
		{name: "1 MB of commas before", make: func(l list) upload { return plain(strings.Repeat(",", 1<<20) + "\n" + l.csv()) }},
		{name: "1 MB of digits before", make: func(l list) upload { return plain(strings.Repeat("1234567890", 1<<17) + "\n" + l.csv()) }},
		{name: "1 MB of @ before", make: func(l list) upload { return plain(strings.Repeat("a@", 1<<19) + "\n" + l.csv()) }},
		{name: "100,000 opening brackets of JSON before", make: func(l list) upload {
			return upload{media: "application/json", body: append(bytes.Repeat([]byte("["), 100000), inJSON([]byte(l.csv()))...)}
		}},
		{name: "100,000 opening elements of XML before", make: func(l list) upload {
			return upload{media: "text/xml", body: []byte("<?xml version=\"1.0\"?>" + strings.Repeat("<a>", 100000) + l.csv())}
		}},
		{name: "a billion laughs before", make: func(l list) upload {
			var b strings.Builder
			b.WriteString("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a0 \"ha\">")
			for i := range 30 {
				fmt.Fprintf(&b, "<!ENTITY a%d \"&a%d;&a%d;\">", i+1, i, i)
			}
			return upload{media: "text/xml", body: []byte(b.String() + "]><x>&a30;" + l.csv() + "</x>")}
		}},
		{name: "an entity that holds the list", make: func(l list) upload {
			return upload{media: "text/xml", body: []byte("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"" + l.csv() + "\">]><x>&a;</x>")}
		}},
		{name: "a bomb of 64 MB in a ZIP file", make: func(l list) upload {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			m := must(w.Create("zeros"))
			block := make([]byte, 1<<20)
			for range 64 {
				m.Write(block)
			}
			io.WriteString(must(w.Create("list.csv")), l.csv())
			w.Close()
			return binaryFile(b.Bytes())
		}, opaque: true},
		{name: "a ZIP file whose members share their bytes", make: func(l list) upload {
			return binaryFile(overlapping(l.csv()))
		}},
		{name: "a ZIP file that holds its own directory over and over", opaque: true, make: func(l list) upload {
			z := zipped("list.csv", l.csv())
			return binaryFile(bytes.Repeat(z, 200))
		}},
		{name: "headers of mail without end before", opaque: true, make: func(l list) upload {
			return upload{media: "message/rfc822", body: []byte(strings.Repeat("X-Junk: lorem ipsum\r\n", 20000) + "\r\n" + l.csv())}
		}},
		{name: "a list behind 30 lists of other things", make: func(l list) upload {
			return plain(strings.Repeat(goods().csv()+"\n", 30) + l.csv())
		}},
		{name: "a list spread thin over 2 MB of prose", make: func(l list) upload {
			prose := strings.Repeat("本日は定例会議の議事録を共有いたします。次回の日程は追ってご連絡します。\n", 600)
			return plain(l.each(func(_ int, r []string) string { return prose + strings.Join(r[:3], "　") + "\n" }))
		}},
	}
}

// overlapping makes a ZIP file of many entries whose data is the same bytes.
func overlapping(s string) []byte {
	var c bytes.Buffer
	w := must(flate.NewWriter(&c, 9))
	w.Write(bytes.Repeat([]byte(s), 300))
	w.Close()
	one := rawZip("list.csv", "list.csv", 0, 8, c.Bytes(), 0)
	at := bytes.Index(one, []byte("PK\x01\x02"))
	end := bytes.Index(one, []byte("PK\x05\x06"))
	z := bytes.Clone(one[:at])
	entry := bytes.Clone(one[at:end])
	for range 2000 {
		z = append(z, entry...)
	}
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], 2000)
	binary.LittleEndian.PutUint16(tail[10:], 2000)
	binary.LittleEndian.PutUint32(tail[12:], uint32(2000*len(entry)))
	return append(z, tail...)
}
