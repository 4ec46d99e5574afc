// Command firstcell does what a newcomer does first: it signs in at the hub, starts a
// server in a workspace and runs one cell there. The password comes on standard input.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/test/e2e/hub"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "firstcell:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	hubURL := flag.String("hub", "", "the hub's URL")
	user := flag.String("user", "", "the person's user name")
	workspace := flag.String("workspace", "", "the workspace to start a server in")
	code := flag.String("code", "", "the cell to run")
	timeout := flag.Duration("timeout", 5*time.Minute, "how long all of it may take")
	flag.Parse()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()

	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if password := strings.TrimRight(line, "\n"); password == "" {
		return fmt.Errorf("reading the password of %s from standard input: nothing there: %w", *user, err)
	}
	session, err := hub.SignIn(ctx, *hubURL, *user, strings.TrimRight(line, "\n"))
	if err != nil {
		return err
	}
	running, err := session.Running(ctx, *workspace)
	if err != nil {
		return err
	}
	if !running {
		if err := session.Start(ctx, *workspace, hub.Options{}); err != nil {
			return err
		}
	}
	out, err := session.Run(ctx, *workspace, *code)
	fmt.Println(strings.TrimRight(out, "\n"))
	return err
}
