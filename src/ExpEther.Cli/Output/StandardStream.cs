using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Cli.Output;

/// <summary>
/// Stdout or stderr by write(2), without a buffer. Stdout that takes no more ends a command (<see cref="OutputFailure"/>); what stderr does not
/// take is lost, since there is nowhere to say so, and the command goes on: it ends with the same exit code.
/// </summary>
internal sealed class StandardStream : Stream
{
    private readonly int _descriptor;
    private readonly bool _isLossy;

    private StandardStream(int descriptor, bool isLossy)
    {
        _descriptor = descriptor;
        _isLossy = isLossy;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static StandardStream Output() => new(StandardDescriptor.Output, isLossy: false);

    /// <summary>Stdout of what goes on when nobody reads it any more: a laboratory once it is up.</summary>
    public static StandardStream LossyOutput() => new(StandardDescriptor.Output, isLossy: true);

    public static StandardStream Error() => new(StandardDescriptor.Error, isLossy: true);

    /// <summary>Text in UTF-8, at once.</summary>
    public TextWriter Text() =>
        TextWriter.Synchronized(new StreamWriter(this, new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });

    /// <exception cref="OutputFailure">Stdout does not take it.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var error = StandardDescriptor.Write(_descriptor, buffer);
        if (error != Errno.None && !_isLossy)
        {
            throw new OutputFailure(new LinuxException("stdout", error));
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
