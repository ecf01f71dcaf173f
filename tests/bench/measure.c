/* SPDX-License-Identifier: ISC */
/*
 * measure OUTPUT COMMAND...: runs a command, with its output in a file, and
 * prints wall seconds, CPU seconds (of all its descendants that were waited
 * for), peak resident KiB (of the largest of them) and its exit status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec start;
	struct timespec end;
	struct rusage usage;
	int status = 0;

	if (argc < 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDONLY);
		int output = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(null, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(child, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%.4f %.4f %ld %d\n",
		(double)(end.tv_sec - start.tv_sec) +
			(double)(end.tv_nsec - start.tv_nsec) / 1e9,
		seconds(usage.ru_utime) + seconds(usage.ru_stime),
		usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
