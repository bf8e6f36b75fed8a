using System.CommandLine;
using System.CommandLine.Parsing;

namespace ExpEther.Cli.Usage;

/// <summary>A number of bytes on the command line (<see cref="ByteSize"/>).</summary>
internal static class ByteCount
{
    /// <summary>A size without a unit below this is more likely a forgotten unit than meant.</summary>
    private const long BareMin = 1 << 20;

    public static Option<long?> Option(string name, string description) =>
        new(name) { Description = description, HelpName = "SIZE", CustomParser = result => Parse(result, isSize: false) };

    /// <summary>A required argument that is the size of something to be made: a small number without a unit is questioned.</summary>
    public static Argument<long?> SizeArgument(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ExactlyOne, CustomParser = result => Parse(result, isSize: true) };

    private static long? Parse(ArgumentResult result, bool isSize)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (!ByteSize.TryParse(text, out var bytes, out var isBare))
        {
            result.AddError($"'{text}' is not a number of bytes; write for example 4096, 64KiB, 1.5G or 10GB");
            return null;
        }

        if (isSize && isBare && bytes < BareMin)
        {
            result.AddError($"'{text}' is a size of {bytes} bytes: is a unit missing, as in {text}GiB? If bytes are meant, write {text}B");
            return null;
        }

        return bytes;
    }
}
