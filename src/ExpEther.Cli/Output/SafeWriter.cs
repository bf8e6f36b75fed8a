using System.Text;
using ExpEther.Core.Text;

namespace ExpEther.Cli.Output;

/// <summary>
/// The one way by which text goes to stdout and stderr: what a terminal would obey is escaped (<see cref="SafeText"/>), wherever the text came
/// from. Line feeds and tabs stay.
/// </summary>
/// <param name="inner">Where it goes.</param>
internal sealed class SafeWriter(TextWriter inner) : TextWriter
{
    /// <summary>The first half of a pair whose other half has still to come; 0: none.</summary>
    private char _half;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (char.IsHighSurrogate(value))
        {
            WriteHalf();
            _half = value;
            return;
        }

        if (_half != 0 && char.IsLowSurrogate(value))
        {
            inner.Write(SafeText.Lines(new string([_half, value])));
            _half = '\0';
            return;
        }

        WriteHalf();
        if (SafeText.IsSafe([value]))
        {
            inner.Write(value);
        }
        else
        {
            inner.Write(SafeText.Lines(value.ToString()));
        }
    }

    public override void Write(ReadOnlySpan<char> buffer)
    {
        WriteHalf();
        if (SafeText.IsSafe(buffer))
        {
            inner.Write(buffer);
        }
        else
        {
            inner.Write(SafeText.Lines(buffer.ToString()));
        }
    }

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value)
    {
        // One write, so that lines of two threads do not mix within a line.
        if (_half == 0 && SafeText.IsSafe(value))
        {
            inner.WriteLine(value);
            return;
        }

        WriteHalf();
        inner.WriteLine(SafeText.Lines(value ?? ""));
    }

    public override void Flush()
    {
        WriteHalf();
        inner.Flush();
    }

    private void WriteHalf()
    {
        if (_half != 0)
        {
            var half = _half;
            _half = '\0';
            inner.Write(SafeText.Lines(half.ToString()));
        }
    }
}
