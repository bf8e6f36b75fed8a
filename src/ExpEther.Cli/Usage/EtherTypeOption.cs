using System.CommandLine;
using System.Globalization;
using ExpEther.Link;

namespace ExpEther.Cli.Usage;

/// <summary>An EtherType on the command line, hexadecimal as everybody writes it (0x88B5) or decimal.</summary>
internal static class EtherTypeOption
{
    /// <summary>IEEE 802.3: smaller numbers are lengths.</summary>
    private const int Min = 0x0600;

    public static Option<ushort> Make(string name, string description) => new(name)
    {
        Description = $"{description} Default: 0x{LinkLimits.EtherTypeDefault:X4}.",
        HelpName = "N",
        CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            var isNumber = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
                ? ushort.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
                : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
            if (!isNumber || number < Min)
            {
                result.AddError($"'{text}' is not an EtherType; write 0x0600 to 0xFFFF, for example 0x{LinkLimits.EtherTypeDefault:X4}");
            }

            return number;
        },
    };
}
