using System.Collections.Concurrent;
using System.Text;
using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Daemon.Events;

/// <summary>
/// Lines on their way to a descriptor that may be slow, stopped (Ctrl-S, a pipe that nobody reads), full or gone.
/// <para>
/// Theory: who writes a line never waits and never fails. A thread of its own takes lines from a bounded queue; a line that finds no room, or
/// that the descriptor does not take, is lost and counted. The next line that gets through is followed by one that says how many were lost.
/// </para>
/// </summary>
/// <param name="descriptor">Where lines go; stays its owner's.</param>
/// <param name="counters">What is counted.</param>
public sealed class QueuedLog(int descriptor, LogCounters counters) : TextWriter
{
    private readonly ConcurrentQueue<byte[]> _lines = new();
    private readonly AutoResetEvent _wake = new(false);
    private Thread? _thread;
    private int _waitingBytes;
    private long _toldLost;
    private volatile bool _isEnding;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Makes the line that says how many were lost, and why the last was; null: none is written.</summary>
    public Func<long, string, string>? LostLine { get; set; }

    /// <summary>Starts the thread. Lines that are written before wait for it.</summary>
    public QueuedLog Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
        return this;
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value)
    {
        var bytes = Encoding.UTF8.GetBytes(value ?? "");
        if (Interlocked.Add(ref _waitingBytes, bytes.Length) > LogLimits.QueueBytesMax)
        {
            Interlocked.Add(ref _waitingBytes, -bytes.Length);
            counters.OnLost();
            return;
        }

        _lines.Enqueue(bytes);
        _wake.Set();
    }

    /// <summary>Writes what waits, as far as the reader takes it in <see cref="LogLimits.FinishMilliseconds"/>. Nothing is written afterwards.</summary>
    public void Finish()
    {
        _isEnding = true;
        _wake.Set();
        _ = _thread?.Join(LogLimits.FinishMilliseconds);
    }

    protected override void Dispose(bool disposing)
    {
        Finish();
        base.Dispose(disposing);
    }

    private void Run()
    {
        var why = Errno.None;
        while (true)
        {
            while (_lines.TryDequeue(out var line))
            {
                Interlocked.Add(ref _waitingBytes, -line.Length);
                var error = StandardDescriptor.Write(descriptor, line);
                if (error != Errno.None)
                {
                    why = error;
                    counters.OnLost();
                    continue;
                }

                counters.OnWritten();
                TellLost(why);
            }

            if (_isEnding)
            {
                return;
            }

            _wake.WaitOne();
        }
    }

    private void TellLost(Errno why)
    {
        var lost = counters.LinesLost - _toldLost;
        if (lost > 0 && LostLine is { } make)
        {
            var line = make(lost, why == Errno.None ? "its reader did not read" : why.ToString());
            if (StandardDescriptor.Write(descriptor, Encoding.UTF8.GetBytes(line + "\n")) == Errno.None)
            {
                _toldLost += lost;
            }
        }
    }
}
