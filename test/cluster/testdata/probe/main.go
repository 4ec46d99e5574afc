// Command probe is what the test's pods run: a web server, or one thing tried from inside a pod.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "serve":
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		server := &http.Server{Addr: ":8080", Handler: answer, ReadHeaderTimeout: time.Second}
		return server.ListenAndServe()
	case len(args) == 2 && args[0] == "get":
		answer, err := (&http.Client{Timeout: 2 * time.Second}).Get(args[1])
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		fmt.Println(answer.Status)
		return nil
	case len(args) == 3 && args[0] == "write":
		return os.WriteFile(args[1], []byte(args[2]), 0o600)
	case len(args) == 2 && args[0] == "read":
		content, err := os.ReadFile(args[1])
		fmt.Print(string(content))
		return err
	}
	return fmt.Errorf("arguments %q: want serve, get URL, write FILE TEXT or read FILE", args)
}
