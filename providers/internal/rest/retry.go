package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The bounds of one request, waits included.
const (
	maxTries = 5
	fewTries = 2 // where a second look is worth it and a third is not
	// dialTries is low because a wrong address is the likeliest reason.
	dialTries     = 3
	maxElapsed    = 5 * time.Minute
	maxRetryAfter = time.Minute // what a vendor asks beyond that is not waited for
)

// A Fault is what a vendor's error answer says in its own words.
type Fault struct {
	Code, Message string
	// Final says that the vendor decided, whatever the status looks like: the
	// request was not carried out and would get the same answer again.
	Final bool
}

// A FaultReader finds the vendor's words in an error answer. It is given what
// came, which may be HTML, cut short or empty.
type FaultReader func(status int, header http.Header, body []byte) Fault

// An outcome is how one attempt ended: with an answer or with an error.
type outcome struct {
	status int
	header http.Header
	body   []byte
	fault  Fault // of an answer that is an error

	err  error
	sent bool // with err: the vendor may have got the request
}

// A verdict says what follows from an outcome.
type verdict struct {
	tries int           // go on until so many tries were made; 0 stops
	after time.Duration // the vendor asks to wait at least so long
	lost  bool          // the request may have been carried out
}

// judge holds every rule about repeating. A refusal is no execution, so that
// requests the vendor put off can be sent again whatever they do; one that
// may have been carried out is repeated only where that does no harm.
func judge(m mode, o outcome) verdict {
	if o.err != nil {
		return judgeError(m, o)
	}
	switch code := o.fault.Code; {
	case o.status < 400:
		return verdict{}
	case o.status == http.StatusTooManyRequests:
		return verdict{tries: maxTries, after: retryAfter(o.header)}
	case strings.HasSuffix(code, "REQUEST_LIMIT_EXCEEDED"):
		// Two limits share the code. Concurrency passes in a moment; the
		// day's allocation does not, and asking again only spends more.
		if strings.Contains(o.fault.Message, "ConcurrentRequests") {
			return verdict{tries: maxTries}
		}
		return verdict{}
	case strings.HasSuffix(code, "UNABLE_TO_LOCK_ROW") && m != once:
		return verdict{tries: maxTries}
	case o.fault.Final:
		return verdict{}
	}
	return judgeStatus(m, o)
}

func judgeStatus(m mode, o outcome) verdict {
	lost := m != readOnly
	switch o.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if m == once {
			return verdict{lost: lost}
		}
		return verdict{tries: maxTries, after: retryAfter(o.header), lost: lost}
	case http.StatusInternalServerError:
		if m == readOnly {
			return verdict{tries: maxTries}
		}
		return verdict{lost: lost}
	case 420: // seen for orgs that are gone, and now and then from the Metadata API
		if m != once {
			return verdict{tries: fewTries}
		}
	}
	if o.status > http.StatusInternalServerError {
		return verdict{lost: lost}
	}
	return verdict{}
}

func judgeError(m mode, o outcome) verdict {
	lost := o.sent && m != readOnly
	switch {
	case errors.Is(o.err, errTooLarge), errors.Is(o.err, context.Canceled):
		return verdict{lost: lost}
	case !o.sent:
		if isHopeless(o.err) {
			return verdict{}
		}
		return verdict{tries: dialTries}
	case m == once:
		return verdict{lost: lost}
	case errors.Is(o.err, errTimeout):
		return verdict{tries: fewTries, lost: lost}
	}
	return verdict{tries: maxTries, lost: lost}
}

// isHopeless tells a host that does not exist or cannot prove who it is.
func isHopeless(err error) bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var hostname x509.HostnameError
	var record tls.RecordHeaderError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &certificate) ||
		errors.As(err, &hostname) || errors.As(err, &record)
}

// retryAfter reads a Retry-After header, in seconds or as a date, within
// [maxRetryAfter]; 0 when there is none.
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil {
		if seconds > int(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, time.Until(at)), maxRetryAfter)
	}
	return 0
}

// newDelays returns the waits between tries: 500 ms doubling, spread so that
// clients that met at a locked row do not meet there again.
func newDelays() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     500 * time.Millisecond,
		RandomizationFactor: 0.5,
		Multiplier:          2,
		MaxInterval:         10 * time.Second,
	}
}

// Sleep waits for d or until ctx ends; then it returns the context's error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
