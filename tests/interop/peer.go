// Go's crypto/tls as client and as server of the interop tests. Written for gccgo 12 (Go 1.18).
//
//	peer client    one wish as JSON on standard input; what came of each of its connections as JSON on standard output
//	peer serve     one server as JSON on standard input: HTTP/1.1 over TLS, whose path names a file
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const timeout = 20 * time.Second

// What both sides are told.
type settings struct {
	Address  string   // "10.77.0.2:443"
	Name     string   // the server's, sent and verified
	Versions []string // oldest and newest
	Groups   []string
	Alpn     []string
	CA       string // of the peer
	Cert     string
	Key      string
	Path     string // client: to GET; server: folder of the files
	Times    int    // client: connections, one after the other, over one session cache
}

type outcome struct {
	Version string `json:"version"`
	Suite   string `json:"suite"`
	Alpn    string `json:"alpn"`
	Resumed bool   `json:"resumed"`
	Digest  string `json:"digest"` // SHA-256 of the body
	Error   string `json:"error"`
}

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
var groups = map[string]tls.CurveID{"x25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521}

func pool(file string) *x509.CertPool {
	text, err := os.ReadFile(file)
	check(err)
	made := x509.NewCertPool()
	if !made.AppendCertsFromPEM(text) {
		panic(file + " holds no certificate")
	}
	return made
}

func config(s settings) *tls.Config {
	made := &tls.Config{ServerName: s.Name, NextProtos: s.Alpn, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if len(s.Versions) == 2 {
		made.MinVersion, made.MaxVersion = versions[s.Versions[0]], versions[s.Versions[1]]
	}
	for _, group := range s.Groups {
		made.CurvePreferences = append(made.CurvePreferences, groups[group])
	}
	if s.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		check(err)
		made.Certificates = []tls.Certificate{pair}
	}
	return made
}

func fetch(s settings, c *tls.Config) (out outcome) {
	fail := func(err error) outcome { out.Error = err.Error(); return out }
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: timeout}, "tcp", s.Address, c)
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(timeout))
	state := conn.ConnectionState()
	for name, number := range versions {
		if number == state.Version {
			out.Version = name
		}
	}
	out.Suite, out.Alpn, out.Resumed = tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol, state.DidResume
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", s.Path, s.Name)
	answer, err := io.ReadAll(conn) // an end without close_notify is an error
	if err != nil {
		return fail(err)
	}
	_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	digest := sha256.Sum256(body)
	out.Digest = hex.EncodeToString(digest[:])
	return out
}

func client() {
	var s settings
	check(json.NewDecoder(os.Stdin).Decode(&s))
	c := config(s)
	c.RootCAs = pool(s.CA)
	outcomes := []outcome{}
	for i := 0; i < s.Times; i++ {
		outcomes = append(outcomes, fetch(s, c))
	}
	check(json.NewEncoder(os.Stdout).Encode(outcomes))
}

func serve() {
	var s settings
	check(json.NewDecoder(os.Stdin).Decode(&s))
	c := config(s)
	if s.CA != "" {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, pool(s.CA)
	}
	listener, err := tls.Listen("tcp", s.Address, c)
	check(err)
	check(http.Serve(listener, http.FileServer(http.Dir(s.Path))))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "client" {
		client()
	} else {
		serve()
	}
}
