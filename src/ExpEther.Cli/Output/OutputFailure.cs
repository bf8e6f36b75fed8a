using ExpEther.Linux;

namespace ExpEther.Cli.Output;

/// <summary>Stdout takes no more: nothing that is left to do would be seen, so the command ends (<see cref="CommandLine"/>).</summary>
internal sealed class OutputFailure(LinuxException cause) : IOException(cause.Message, cause)
{
    /// <summary>The reader of a pipe or socket has gone, as <c>head</c> does when it has enough: no error in words.</summary>
    public bool IsReaderGone => cause.Error == Errno.EPIPE;

    /// <exception cref="OutputFailure">Stdout is a pipe or socket that is read no more.</exception>
    public static void ThrowIfReaderGone()
    {
        if (Linux.Files.StandardDescriptor.IsReaderGone(Linux.Files.StandardDescriptor.Output))
        {
            throw new OutputFailure(new LinuxException("stdout", Errno.EPIPE));
        }
    }
}
