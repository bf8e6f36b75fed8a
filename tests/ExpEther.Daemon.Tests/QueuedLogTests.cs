using System.IO.Pipes;
using ExpEther.Daemon.Events;

namespace ExpEther.Daemon.Tests;

public class QueuedLogTests
{
    private readonly LogCounters _counters = new();

    [Fact]
    public void Lines_that_a_full_disk_does_not_take_are_lost_and_counted()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        using (var log = new QueuedLog((int)full.DangerousGetHandle(), _counters).Start())
        {
            for (var i = 0; i < 10; i++)
            {
                log.WriteLine("line");
            }
        }

        Assert.Equal((0, 10), (_counters.Lines, _counters.LinesLost));
    }

    [Fact]
    public void Lines_into_a_pipe_whose_reader_has_gone_are_lost_and_counted()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using (var reader = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle))
        {
        }

        using (var log = new QueuedLog((int)pipe.SafePipeHandle.DangerousGetHandle(), _counters).Start())
        {
            log.WriteLine("line");
        }

        Assert.Equal(1, _counters.LinesLost);
    }

    /// <summary>The bound is of what waits, not of what was ever written.</summary>
    [Fact]
    public void More_than_the_queue_holds_is_written_in_the_course_of_time()
    {
        using var sink = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
        using var log = new QueuedLog((int)sink.DangerousGetHandle(), _counters).Start();
        var line = new string('x', 64 << 10);
        for (var i = 1; i <= LogLimits.QueueBytesMax * 3 / line.Length; i++)
        {
            log.WriteLine(line);
            while (_counters.Lines < i)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                Assert.Equal(0, _counters.LinesLost);
                Thread.Yield();
            }
        }
    }

    [Fact]
    public void Nobody_waits_for_a_reader_that_does_not_read_and_later_it_is_told_how_much_is_missing()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        using var log = new QueuedLog((int)pipe.SafePipeHandle.DangerousGetHandle(), _counters)
        {
            LostLine = (lost, _) => $"{lost} lost",
        };
        log.Start();
        var line = new string('x', 1000);
        var told = 0;
        while (_counters.LinesLost == 0)
        {
            log.WriteLine(line); // would wait here for ever if it waited
            told++;
        }

        // Whole lines arrive, in order, then the account of those that do not.
        using var reader = new StreamReader(client);
        var got = 0;
        while (reader.ReadLine() is { } next && next != "1 lost")
        {
            Assert.Equal(line, next);
            got++;
        }

        Assert.True(got >= 1);
        Assert.True(told - 1 >= got);
    }

    [Fact]
    public void An_error_that_repeats_is_told_once_and_counted()
    {
        using var text = new StringWriter();
        var sink = new LogSink(text, isJson: false, _counters);
        for (var i = 0; i < 5; i++)
        {
            sink.Report(EventSeverity.Error, "box", "the disk is full");
        }

        sink.Report(EventSeverity.Error, "box", "another");
        sink.Report(EventSeverity.Warning, "box", "the link is down");
        sink.Report(EventSeverity.Warning, "box", "the link is down");

        Assert.Equal(4, text.ToString().Count(c => c == '\n'));
        Assert.Equal(4, _counters.RepeatsKeptBack);
    }
}
