# Shared by demo.sh and test.sh: runs long commands as steps, a line each with its time.
# The output of a step goes to a log; it is shown when the step fails.

LOGS=${LOGS:-build/logs}
mkdir -p "$LOGS"
STEP_NUMBER=0

# step TITLE COMMAND... runs the command and says how long it took.
step() {
	local title=$1 log started pid rc=0 tick=0
	shift
	STEP_NUMBER=$((STEP_NUMBER + 1))
	log="$LOGS/$(printf '%02d' "$STEP_NUMBER")-$(printf '%s' "$title" | tr -cs 'A-Za-z0-9' '-' | tr 'A-Z' 'a-z' | sed 's/-$//').log"
	started=$SECONDS
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill "$pid" 2>/dev/null; wait "$pid"; exit 130' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		if [ -t 1 ]; then
			printf '\r  … %-58s %4d s' "$title" $((SECONDS - started))
		elif [ $((tick % 300)) -eq 0 ]; then
			printf '  … %-58s %4d s so far\n' "$title" $((SECONDS - started))
		fi
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	[ -t 1 ] && printf '\r\033[K'
	if [ "$rc" -ne 0 ]; then
		printf '  ✗ %-58s %4d s\n\n' "$title" $((SECONDS - started))
		tail -n 60 "$log"
		printf '\n%s failed with exit code %d. The whole output is in %s\n' "$title" "$rc" "$log" >&2
		return "$rc"
	fi
	printf '  ✓ %-58s %4d s\n' "$title" $((SECONDS - started))
}
