package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"
)

// Paths under which Trino asks, below the address of the decision point.
const (
	PathAllow       = "/v1/data/atoll/trino/allow"
	PathFilter      = "/v1/data/atoll/trino/filter"
	PathRowFilters  = "/v1/data/atoll/trino/rowFilters"
	PathColumnMask  = "/v1/data/atoll/trino/columnMask"
	PathColumnMasks = "/v1/data/atoll/trino/columnMasks"
)

// most is the largest body of a request: the names of some hundred thousand tables.
const most = 32 << 20

// Handler answers Trino.
func Handler(p *Point, log *zap.Logger) http.Handler {
	mux := http.NewServeMux()
	question := func(path string, answer func(Input) (any, Decision)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			in, err := read(r)
			if err != nil {
				log.Warn("request refused", zap.String("path", path), zap.Error(err))
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			result, d := answer(in)
			record(log, in, d)
			if result == nil {
				http.Error(w, d.Reason, http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			// Trino denies what it cannot read, so an error of writing needs no other answer.
			_ = json.MarshalWrite(w, envelope{result})
		})
	}
	question(PathAllow, func(in Input) (any, Decision) {
		d := p.Allow(in)
		return d.Allowed, d
	})
	question(PathFilter, func(in Input) (any, Decision) {
		through, d := p.Filter(in)
		return through, d
	})
	question(PathRowFilters, func(in Input) (any, Decision) {
		filters, d := p.RowFilters(in)
		return filters, d
	})
	question(PathColumnMasks, func(in Input) (any, Decision) {
		masks, d := p.ColumnMasks(in)
		if masks == nil {
			return nil, d
		}
		return masks, d
	})
	question(PathColumnMask, func(in Input) (any, Decision) {
		masks, d := p.ColumnMasks(in)
		switch {
		case masks == nil:
			return nil, d
		case len(masks) == 0:
			return jsontext.Value("null"), d
		}
		return masks[0].View, d
	})
	return mux
}

// envelope is the form of every answer.
type envelope struct {
	Result any `json:"result"`
}

func read(r *http.Request) (Input, error) {
	body := make([]byte, 0, 1024)
	if r.ContentLength > 0 && r.ContentLength <= most {
		body = make([]byte, 0, r.ContentLength+bytes.MinRead)
	}
	held := bytes.NewBuffer(body)
	if _, err := held.ReadFrom(io.LimitReader(r.Body, most+1)); err != nil {
		return Input{}, fmt.Errorf("reading the request: %w", err)
	}
	if body = held.Bytes(); len(body) > most {
		return Input{}, errors.New("reading the request: it is larger than 32 MiB")
	}
	return ParseInput(body)
}

// record logs a decision: who, what, by which grants or why not, in which query.
func record(log *zap.Logger, in Input, d Decision) {
	fields := make([]zap.Field, 0, 8)
	fields = append(fields,
		zap.String("person", in.Context.Identity.User),
		zap.String("operation", in.Action.Operation),
		zap.Bool("allowed", d.Allowed),
	)
	if in.Context.QueryID != "" {
		fields = append(fields, zap.String("query", in.Context.QueryID))
	}
	if r := in.Action.Resource; r != nil {
		switch {
		case r.Table != nil:
			fields = append(fields, zap.String("table", name(*r.Table)), zap.Strings("columns", r.Table.Columns))
		case r.Schema != nil:
			fields = append(fields, zap.String("schema", r.Schema.Catalog+"."+r.Schema.Schema))
		case r.Catalog != nil:
			fields = append(fields, zap.String("catalog", r.Catalog.Name))
		}
	}
	if n := len(in.Action.FilterResources); n > 0 {
		fields = append(fields, zap.Int("resources", n))
	}
	if len(d.Grants) > 0 {
		fields = append(fields, zap.Strings("grants", d.Grants))
	}
	if d.Reason != "" {
		fields = append(fields, zap.String("reason", d.Reason))
	}
	log.Info("decision", fields...)
}
