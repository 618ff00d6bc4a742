package main

import (
	"fmt"

	"github.com/sekimori-dlp/sekimori/inspect/ocr"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawOCR is [inspect.ocr].
type rawOCR struct {
	Command []string      `toml:"command"`
	Bytes   tomlfile.Size `toml:"bytes"`
	Time    duration      `toml:"time"`
	Most    int           `toml:"most"`
}

// recognising puts the reading of pictures before readers, nil for all built in,
// if the configuration names a program for it.
func (c *config) recognising(all []part.Reader) []part.Reader {
	if len(c.OCR.Command) == 0 {
		return all
	}
	r, err := ocr.New(c.OCR)
	if err != nil {
		return all // told when the configuration was read
	}
	if all == nil {
		all = readers()
	}
	return r.Readers(all)
}

// checkOCR tells whether the program can be run.
func (c *config) checkOCR() error {
	if len(c.OCR.Command) == 0 {
		return nil
	}
	if _, err := ocr.New(c.OCR); err != nil {
		return fmt.Errorf("inspect.ocr.command: %w; install it (on Debian: tesseract-ocr, tesseract-ocr-jpn), or give its whole path", err)
	}
	return nil
}
