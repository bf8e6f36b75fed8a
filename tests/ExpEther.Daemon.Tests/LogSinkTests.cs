using System.Text.Json.Nodes;
using ExpEther.Daemon.Events;

namespace ExpEther.Daemon.Tests;

public class LogSinkTests
{
    [Fact]
    public void A_report_is_one_line_whatever_a_peer_is_called()
    {
        using var log = new StringWriter();

        new LogSink(log, isJson: false).Report(EventSeverity.Warning, "bad\u001b[2J", "one\n2026-01-01T00:00:00.000+00:00 info io: all is well\u202E");

        Assert.EndsWith(
            " warning bad\\u001b[2J: one\\u000a2026-01-01T00:00:00.000+00:00 info io: all is well\\u202e\n", log.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, log.ToString().Count(c => c == '\n'));
    }

    [Fact]
    public void A_bug_s_stack_is_one_line_that_a_person_can_read()
    {
        using var log = new StringWriter();

        new LogSink(log, isJson: false).Report(EventSeverity.Defect, "disk1", "it broke\n   at A.B()\n   at C.D()");

        Assert.EndsWith(" error disk1: it broke | at A.B() | at C.D()\n", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_reads_the_exact_text()
    {
        using var log = new StringWriter();

        new LogSink(log, isJson: true).Report(EventSeverity.Error, "io", "\u001b]0;x\a\u202E\n");

        Assert.Equal("\u001b]0;x\a\u202E\n", JsonNode.Parse(log.ToString())!["text"]!.GetValue<string>());
        Assert.DoesNotContain('\u001b', log.ToString());
    }
}
