// Package pgtest starts a real PostgreSQL for tests, prepared by the script that prepares the platform's own.
package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// programs is where Debian's package puts the server.
const programs = "/usr/lib/postgresql/15/bin"

// nobody is who the server runs as where the tests run as root, which it refuses.
const nobody = 65534

// Server is a running database server.
type Server struct {
	Host string
	Port uint16
	// Socket is the folder of the socket by which Superuser reaches it without a password.
	Socket string

	roles string
}

// Credentials is a folder with the files username and password of a role.
func (s Server) Credentials(role string) string { return filepath.Join(s.roles, role) }

// Run starts a server, lets use keep it, runs the tests and stops the server: the body of a TestMain. The databases are as the
// chart lists them: each a name and its roles, the owner first.
func Run(m *testing.M, use func(Server), databases ...string) int {
	s, stop, err := start(databases)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	use(s)
	return m.Run()
}

// Start starts a server for as long as a test runs.
func Start(t testing.TB, databases ...string) Server {
	t.Helper()
	s, stop, err := start(databases)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

func start(databases []string) (s Server, stop func(), err error) {
	if _, err := os.Stat(filepath.Join(programs, "postgres")); err != nil {
		return s, nil, fmt.Errorf("the tests need a real PostgreSQL: %w; run `make tools-postgresql` first", err)
	}
	// A socket's path may have 107 letters, and folders of tests are longer.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return s, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	s = Server{Host: "127.0.0.1", Socket: dir, roles: filepath.Join(dir, "roles")}
	if err = s.furnish(databases); err != nil {
		remove()
		return s, nil, err
	}
	if out, err := s.command(context.Background(), "prepare").CombinedOutput(); err != nil {
		remove()
		return s, nil, fmt.Errorf("preparing the database: %w\n%s", err, out)
	}
	end, err := s.serve()
	if err != nil {
		remove()
		return s, nil, err
	}
	return s, func() { end(); remove() }, nil
}

// furnish writes what the chart mounts.
func (s *Server) furnish(databases []string) error {
	root, err := kubetest.Root()
	if err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(root, "images", "postgresql", "postgresql.sh"))
	if err != nil {
		return err
	}
	if s.Port, err = port(); err != nil {
		return err
	}
	user := "nobody"
	if os.Geteuid() != 0 {
		user = os.Getenv("USER")
	}
	hosts := "local all postgres peer map=pod\nlocal postgres exporter peer map=pod\n"
	files := map[string]string{}
	for _, line := range databases {
		fields := strings.Fields(line)
		for _, role := range fields[1:] {
			hosts += fmt.Sprintf("host %q %q all scram-sha-256\n", fields[0], role)
			files["roles/"+role+"/username"] = role
			// One that a shell, a connection string or a statement would stumble over.
			files["roles/"+role+"/password"] = `it's \ "` + role + `"`
		}
	}
	files["databases"] = strings.Join(databases, "\n") + "\n"
	files["pg_hba.conf"] = hosts
	files["pg_ident.conf"] = fmt.Sprintf("pod %[1]s postgres\npod %[1]s exporter\n", user)
	files["postgresql.conf"] = fmt.Sprintf("listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = '%[2]s'\n"+
		"hba_file = '%[2]s/pg_hba.conf'\nident_file = '%[2]s/pg_ident.conf'\npassword_encryption = scram-sha-256\n"+
		"fsync = off\nshared_buffers = 16MB\ntimezone = 'UTC'\n", s.Port, s.Socket)
	files["postgresql"] = string(script)
	files["data/.keep"] = ""
	for name, content := range files {
		path := filepath.Join(s.Socket, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			return err
		}
	}
	if os.Geteuid() != 0 {
		return nil
	}
	return filepath.WalkDir(s.Socket, func(path string, _ os.DirEntry, _ error) error {
		return os.Lchown(path, nobody, nobody) //nolint:gosec // the folder is new and nobody else's
	})
}

// command is the image's script, as the user who owns the files.
func (s Server) command(ctx context.Context, verb string) *exec.Cmd {
	c := exec.CommandContext(ctx, "bash", filepath.Join(s.Socket, "postgresql"), verb)
	c.Dir = s.Socket
	c.Env = []string{
		"PATH=" + programs + ":/usr/bin:/bin", "PGDATA=" + filepath.Join(s.Socket, "data", "pgdata"), "PGHOST=" + s.Socket,
		"PGPORT=" + strconv.Itoa(int(s.Port)), "DATABASES=" + filepath.Join(s.Socket, "databases"), "ROLES=" + s.roles,
		"CONFIG=" + filepath.Join(s.Socket, "postgresql.conf"), "HOME=" + s.Socket,
	}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return c
}

func (s Server) serve() (stop func(), err error) {
	c := s.command(context.Background(), "serve")
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = c.Process.Signal(syscall.SIGQUIT) // at once: nothing of it is kept
		_ = c.Wait()
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ready := exec.CommandContext(context.Background(), filepath.Join(programs, "pg_isready"), "--quiet", "--host", s.Socket, "--port", strconv.Itoa(int(s.Port)),
			"--username", "postgres", "--dbname", "postgres")
		if ready.Run() == nil {
			return stop, nil
		}
	}
	stop()
	return nil, fmt.Errorf("the database does not begin to serve:\n%s", out.String())
}

// Superuser runs SQL as the administrator of the server, who may do everything.
func (s Server) Superuser(t *testing.T, database, sql string) {
	t.Helper()
	c := s.command(t.Context(), "")
	c.Path, c.Args = filepath.Join(programs, "psql"), []string{"psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--username", "postgres", "--dbname", database, "--command", sql}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", sql, err, out)
	}
}

func port() (uint16, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return uint16(listener.Addr().(*net.TCPAddr).Port), nil
}
