using System.Runtime.CompilerServices;
using ExpEther.Linux.Native;

namespace ExpEther.Linux;

/// <summary>An interpolated string that reads errno before any of its values is formatted: formatting may call the system and change it.</summary>
[InterpolatedStringHandler]
internal ref struct ErrnoThenText(int literalLength, int formattedCount)
{
    private DefaultInterpolatedStringHandler _text = new(literalLength, formattedCount);

    public Errno Error { get; } = Libc.LastError;

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public string Text() => _text.ToStringAndClear();
}
